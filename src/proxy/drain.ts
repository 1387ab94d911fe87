// How a server stops: it refuses new requests while the open ones finish, then closes (D5, K6).
//   R1  While requests are open it still listens: health checks see 503 (RT4), other new requests are refused with 503.
//   R2  When the grace is over, what is left is cut off.
import type { Server } from "node:http";
import type { Clock } from "../core/clock.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { Door, Leaving } from "./door.ts";
import { DRAINING } from "./refusals.ts";

/**
 * Drains a server; answers when the last connection is closed.
 * @param connections those that are open; changes as they close
 * @param leaving what has no end of its own; it is asked to go at once
 * @param graceMs longest wait for open requests, milliseconds
 */
export async function drainServer(
  server: Server,
  door: Door,
  connections: ReadonlyMap<unknown, ClientConnection>,
  leaving: ReadonlySet<Leaving>,
  graceMs: number,
  clock: Clock,
): Promise<void> {
  door.draining = true;
  const sendAway = (): void => {
    for (const one of [...leaving]) one.goAway();
    for (const connection of connections.values()) if (connection.idle) connection.socket.destroySoon();
  };
  for (const waiting of [...door.waiting]) waiting.refuse(DRAINING);
  sendAway();
  const cancelCut = clock.after(graceMs, () => {
    for (const { socket } of connections.values()) socket.destroy();
    for (const one of leaving) one.cut();
  });
  if (door.ongoing > 0) await new Promise<void>((resolve) => (door.onQuiet = resolve));
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    sendAway();
  });
  cancelCut();
}
