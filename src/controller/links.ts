// How the controller speaks to processes it has started. The head implements both over control links. What a promise
// brings is an observation for a later tick, never a value inside the same one.
import type { ProcessId, ReplicaId } from "../model/ids.ts";
import type { HttpListen, LoadOrder, ReplicaMethods } from "../protocol/control.ts";

/**
 * `link closed`: nobody answered, because there is no link or it closed first. That is no verdict on the order: the
 * replica's next report says where it stands, or the engine reports its end.
 */
export type LinkOutcome = "done" | "link closed";

/** Orders to replicas. */
export interface ReplicaLinks {
  /** Imports the code, constructs, first health check. Rejects with the user's error; there is no time limit. */
  load(id: ReplicaId, order: LoadOrder): Promise<LinkOutcome>;
  /** Changed options, in place. Rejects with the user's error. */
  reconfigure(id: ReplicaId, order: ReplicaMethods["reconfigure"]["in"]): Promise<LinkOutcome>;
  /** The user's `checkHealth`. Rejects with the user's error, and with ENGINE when no answer comes within `timeoutMs`. */
  checkHealth(id: ReplicaId, timeoutMs: number): Promise<LinkOutcome>;
  /** Refuse new calls, finish accepted ones, dispose, exit (D5). Resolves when the replica has the order. */
  drain(id: ReplicaId, graceMs: number): Promise<LinkOutcome>;
}

/** Orders to proxies. */
export interface ProxyLinks {
  /** Binds the port. Rejects with ENGINE naming the port when it is taken. */
  listen(id: ProcessId, listen: HttpListen): Promise<LinkOutcome>;
  /** healthz answers 503; finish what is open, exit. Resolves when the proxy has the order. */
  drain(id: ProcessId, graceMs: number): Promise<LinkOutcome>;
}
