// What all requests of one HTTP server share.
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Random } from "../core/random.ts";
import type { HttpCall, HttpObserver, OutgoingHttpCall } from "../model/call.ts";
import type { Refusal } from "./refusals.ts";
import type { RequestRecorder } from "./request-recorder.ts";
import type { RequestTargets } from "./request-target.ts";
import type { RouteTable } from "./route-table.ts";

/** Carries HTTP calls to replicas: the router's client, or a test's fake. */
export interface HttpCaller {
  /** Never throws and never calls the observer before it returns. */
  startHttp(call: HttpCall, observer: HttpObserver): OutgoingHttpCall;
}

/** Times and sizes that bound a request (RT7); milliseconds and bytes. */
export interface HttpLimits {
  /** From the first byte of a connection or request until its headers are complete. */
  readonly headersTimeoutMs: number;
  /** Longest standstill of a body that is being read. */
  readonly bodyIdleMs: number;
  /** How often standstills and deadlines of unfinished bodies are looked for. */
  readonly sweepMs: number;
}

/** URL and headers of a request together, bytes (RT7). */
export const MAX_HEADER_BYTES = 16_384;

/** RT7's limits. */
export const DEFAULT_LIMITS: HttpLimits = { headersTimeoutMs: 60_000, bodyIdleMs: 60_000, sweepMs: 500 };

/** A request whose body is under way, or a connection of HTTP/2. */
export interface Receiving {
  /** Acts on a standstill or a passed deadline. True: there is nothing left to watch. */
  sweep(): boolean;
}

/** What a drain must tell to go: a WebSocket, a connection of HTTP/2. */
export interface Leaving {
  /** Go, when what is under way is done; it may be said again. */
  goAway(): void;
  /** Go now. */
  cut(): void;
}

/** A request that came before the first route table. */
export interface Waiting {
  routesCame(): void;
  refuse(refusal: Refusal): void;
}

export interface Door {
  readonly calls: HttpCaller;
  readonly recorder: RequestRecorder;
  readonly targets: RequestTargets;
  readonly limits: HttpLimits;
  readonly rootPath: string;
  /** Seconds; null: none. */
  readonly requestTimeoutS: number | null;
  /** Infinity: none. */
  readonly maxBodyBytes: number;
  /** `MANTA_DEV=1`. */
  readonly development: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly receiving: Set<Receiving>;
  readonly waiting: Set<Waiting>;
  /** Undefined until the first table came (RT5). */
  routes: RouteTable | undefined;
  draining: boolean;
  /** Requests taken and not answered; the drain waits for 0. */
  ongoing: number;
  /** Called when `ongoing` has become 0 while draining. */
  onQuiet: () => void;
}
