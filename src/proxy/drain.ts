// How a server stops: it refuses new requests while the open ones finish, then closes (D5, K6).
//   R1  While requests are open it still listens: health checks see 503 (RT4), other new requests are refused with 503.
//   R2  When the grace is over, what is left is cut off.
import type { Server } from "node:http";
import type { Clock } from "../core/clock.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { Door } from "./door.ts";
import type { SocketExchange } from "./socket-exchange.ts";
import { DRAINING } from "./refusals.ts";

/**
 * Drains a server; answers when the last connection is closed.
 * @param connections those that are open; changes as they close
 * @param sockets WebSockets that are open; they are asked to go at once, for they have no end of their own
 * @param graceMs longest wait for open requests, milliseconds
 */
export async function drainServer(
  server: Server,
  door: Door,
  connections: ReadonlyMap<unknown, ClientConnection>,
  sockets: ReadonlySet<SocketExchange>,
  graceMs: number,
  clock: Clock,
): Promise<void> {
  door.draining = true;
  for (const socket of [...sockets]) socket.goAway();
  for (const waiting of [...door.waiting]) waiting.refuse(DRAINING);
  closeIdle(connections);
  const cancelCut = clock.after(graceMs, () => {
    for (const { socket } of connections.values()) socket.destroy();
    for (const socket of sockets) socket.cut();
  });
  if (door.ongoing > 0) await new Promise<void>((resolve) => (door.onQuiet = resolve));
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    closeIdle(connections);
  });
  cancelCut();
}

function closeIdle(connections: ReadonlyMap<unknown, ClientConnection>): void {
  for (const connection of connections.values()) {
    if (connection.idle) connection.socket.destroySoon();
  }
}
