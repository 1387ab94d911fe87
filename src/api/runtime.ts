// What surrounds user code, as an interface: driver, replica and memory engine implement it, composition roots install
// it. The installed runtime travels in AsyncLocalStorage (constructors included) with one default a process. Store and
// registry hang on `globalThis[Symbol.for("manta-serve/1")]`, so that a second copy of the package finds them.
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import type { MetricRegistry } from "../telemetry/metrics.ts";
import type { CallTarget, OutgoingCall, ValueCall, ValueObserver } from "../model/call.ts";

/** Rank of a replica among those of its deployment (reference 4.13). One node so far: all three are equal but `nodeRank`. */
export interface ReplicaRank {
  readonly rank: number;
  readonly nodeRank: number;
  readonly localRank: number;
}

/** The replica that the running code belongs to. */
export interface ReplicaContext {
  readonly application: string;
  readonly deployment: string;
  readonly replicaId: string;
  readonly rank: ReplicaRank;
  /** Target number of replicas of the deployment. */
  readonly worldSize: number;
  readonly codeVersion: string;
}

/** What surrounds user code. */
export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where user code's metrics are counted; undefined: nowhere. */
  readonly metrics?: MetricRegistry | undefined;
  /** Undefined outside of a replica. */
  readonly replica: ReplicaContext | undefined;
  /** Requests that the replica runs at a time; undefined outside of one. */
  readonly maxOngoingRequests?: number;
  /**
   * Calls `fn` once when the replica takes nothing new any more, with the time that is left for what it took, milliseconds.
   * @returns takes it back
   */
  onDrain?(fn: (graceMs: number) => void): () => void;
  /** Called once after the last request of a replica; the replica waits for what `fn` returns before it ends. */
  onEnd?(fn: () => Promise<void>): void;
  /** The model ids that `multiplexed()` holds for `owner` changed: callers with such an id prefer this replica (P3). */
  holdsModels?(owner: object, ids: readonly string[]): void;
  /** Starts a call at once. Arguments are resolved values; what cannot cross is told by `onError`. */
  startCall(call: ValueCall, observer: ValueObserver): OutgoingCall;
  /**
   * Finds what is deployed, for code that runs in a replica: a deployment, or the application's ingress for null.
   * @throws {ServeError} APPLICATION_NOT_FOUND, DEPLOYMENT_NOT_FOUND
   */
  locate?(application: string, deployment: string | null): Promise<CallTarget>;
}
