// What a request router sees and answers (P5): shared by users' routers, which `api/` finds, and `router/`, which asks them.
import type { Random } from "../core/random.ts";

/** A replica as a router sees it. */
export interface RoutedReplica {
  readonly id: string;
  /** The node that it runs on. */
  readonly node: string;
  /** It may get a call from this caller now: connected, not full for us, not draining. */
  readonly free: boolean;
  /** Ongoing calls there: ours exactly, the others' as last told. */
  readonly load: number;
  /** It misses heartbeats. */
  readonly suspect: boolean;
  /** Multiplexed models that it holds or loads, as far as is known here. */
  readonly models: ReadonlySet<string>;
  /** What its `recordRoutingStats` returned last. */
  readonly stats: Readonly<Record<string, unknown>>;
}

/** A call as a router sees it. */
export interface RoutedCall {
  readonly method: string;
  readonly requestId: string;
  /** Empty: none. */
  readonly multiplexedModelId: string;
  /** Empty: none. */
  readonly sessionId: string;
  /** How long it waits already, milliseconds. */
  readonly waitedMs: number;
  /** What is left until its deadline, milliseconds; Infinity: it has none. */
  readonly remainingMs: number;
}

/** A user's router (P5). Loaded in each caller; must answer at once. */
export interface RequestRouter {
  /**
   * Replicas for a call, best first, of those that it is given; the first with a free slot gets it. None of them free: it
   * waits for one of them. An empty list: it waits, and the router is asked again.
   */
  choose(candidates: readonly RoutedReplica[], call: RoutedCall, random: Random): readonly RoutedReplica[];
  /** The call was sent. */
  onRouted?(replica: RoutedReplica, call: RoutedCall): void;
  /** The call is over at that replica: answered, failed, refused there, or lost with it. Once for each `onRouted`. */
  onCompleted?(replica: RoutedReplica, call: RoutedCall): void;
}

/** A user's router as it is loaded: made once in each process, with `requestRouterKwargs`. */
export type RequestRouterClass = new (kwargs: never) => RequestRouter;
