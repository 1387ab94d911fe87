// What was done, to whom, and why, as `manta why`, REST and the dashboard show it.
import type { ReplicaId } from "./ids.ts";

/** One line of the history. */
export interface HistoryEntry {
  /** Unix milliseconds. */
  readonly timeMs: number;
  readonly application: string;
  /** Empty when it concerns the application as a whole. */
  readonly deployment: string;
  /** Empty when it concerns the deployment as a whole. */
  readonly replicaId: ReplicaId;
  /** Constant dotted name, as in the log: `replica.start`, `deployment.status`. */
  readonly event: string;
  readonly reason: string;
}

/** Which lines; a field that is absent asks for all. */
export interface HistoryFilter {
  readonly application?: string;
  readonly deployment?: string;
  readonly replicaId?: ReplicaId;
}
