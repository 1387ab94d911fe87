// What the head itself keeps in the store, beside the controller's checkpoint: the admin port that a restart keeps, and
// whether a driver owned it. And the two moments at which everything kept is forgotten.
import type { HeadOptions } from "../config/head-options.ts";
import { Checkpoint } from "../controller/checkpoint.ts";
import { knownProcesses } from "../controller/process-specs.ts";
import { ControllerState } from "../controller/state.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Engine } from "../engine/engine.ts";
import type { StateStore } from "../engine/state-store.ts";

const ADMIN_PORT_KEY = "head/admin-port";
const OWNER_KEY = "head/owner";

/** Where the admin server should listen: a port that nobody chose stays the one that the last head found. */
export function keptAdminPort(store: StateStore, admin: HeadOptions["admin"]): HeadOptions["admin"] {
  const kept = store.read(ADMIN_PORT_KEY);
  if (kept === undefined || (admin.portChosen && admin.port !== 0)) return admin;
  return { ...admin, port: Number(new TextDecoder().decode(kept)), portChosen: false };
}

/** Keeps for the next head where this one listens and whose it is. */
export function keepHead(store: StateStore, adminPort: number, attached: boolean): void {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  store.write(
    new Map([
      [ADMIN_PORT_KEY, encode(String(adminPort))],
      [OWNER_KEY, encode(attached ? "driver" : "none")],
    ]),
  );
}

/** True when the last head ended without an order and belonged to a driver. */
export function leftByDriver(store: StateStore): boolean {
  return new TextDecoder().decode(store.read(OWNER_KEY)) === "driver";
}

/** Forgets everything. */
export function clearStore(store: StateStore): void {
  store.write(new Map(store.keys("").map((key) => [key, null])));
}

/** Kills the processes of an instance whose driver and head are gone, and forgets it. */
export async function endLeftovers(engine: Engine, logger: Logger, clock: Clock): Promise<void> {
  const state = new ControllerState();
  new Checkpoint(engine.store).load(state, clock.now());
  const known = knownProcesses(state);
  if (known.length > 0) logger.warn("head.leftovers", { processes: known.map(({ id }) => id) });
  await engine.adopt(known);
  for (const { id } of known) engine.kill(id);
  clearStore(engine.store);
}
