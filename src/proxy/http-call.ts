// From a request that has found its route to the call that its ingress gets, and back from a failed call to an answer:
// the same for requests and WebSockets.
import type { Clock } from "../core/clock.ts";
import type { ServeError } from "../core/errors.ts";
import type { HttpCall } from "../model/call.ts";
import type { Door } from "./door.ts";
import type { Refusal } from "./refusals.ts";
import type { RequestFacts } from "./request-headers.ts";
import type { Route } from "./route-table.ts";

/** A request and where it goes. */
export interface RoutedRequest {
  readonly facts: RequestFacts;
  readonly requestId: string;
  readonly route: Route;
  /** Unix time, milliseconds; undefined: none. */
  readonly deadlineMs: number | undefined;
  /** What the deadline was made of, seconds; null: none. */
  readonly timeoutS: number | null;
  /** As `formatClient` says it. */
  readonly client: string;
}

/** The limit of a request: its header's, else the server's (Q4). Seconds; null: none. */
export function timeoutOf({ timeoutS }: RequestFacts, serverS: number | null): number | null {
  return timeoutS === undefined ? serverS : timeoutS;
}

/** When a request that came now must be answered, Unix time in milliseconds; undefined: no limit. */
export function deadlineOf(timeoutS: number | null, clock: Clock): number | undefined {
  return timeoutS === null ? undefined : clock.now() + timeoutS * 1000;
}

/** The call. The request's id joins its headers. */
export function httpCallOf(
  { facts, requestId, route, deadlineMs, timeoutS, client }: RoutedRequest,
  { verb, url, body, bodyFollows, upgrade }: Pick<HttpCall, "verb" | "url" | "body" | "bodyFollows" | "upgrade">,
): HttpCall {
  facts.headers.push("x-request-id", requestId);
  return {
    target: route.target,
    method: upgrade ? "websocket" : "fetch",
    requestId,
    deadlineMs,
    timeoutS: timeoutS ?? 0,
    route: route.prefix,
    multiplexedModelId: facts.multiplexedModelId,
    sessionId: facts.sessionId,
    priority: facts.priority,
    idempotent: false, // no method implies it (Q3)
    preferLocal: true,
    verb,
    url,
    headers: facts.headers,
    body,
    bodyFollows,
    upgrade,
    keepRunning: facts.keepRunning && !upgrade,
    client,
  };
}

/** What a failed call is answered with; a 500 that the application's code has no part in is logged. */
export function refusalOfCall({ logger }: Door, { target }: Route, requestId: string, error: ServeError): Refusal {
  const status = error.statusCode;
  if (status === 500 && error.code !== "USER_CODE") {
    const { application, deployment } = target;
    logger.error("request.failed", { requestId, application, deployment, error });
  }
  return { status, error };
}
