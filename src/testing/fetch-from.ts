// The proxy's place in an instance without one: a web `Request` in, a web `Response` out, the same errors.
import type { Clock } from "../core/clock.ts";
import type { ServeError } from "../core/errors.ts";
import { randomUuid, type Random } from "../core/random.ts";
import type { CallTarget, HttpCall, OutgoingHttpCall } from "../model/call.ts";
import { errorResponse } from "../proxy/error-response.ts";
import { deadlineOf, httpCallOf, timeoutOf } from "../proxy/http-call.ts";
import { routeNotFound } from "../proxy/refusals.ts";
import { readRequestHeaders } from "../proxy/request-headers.ts";
import { RouteTable } from "../proxy/route-table.ts";
import type { CallClient } from "../router/call-client.ts";
import { IncomingBody } from "../transport/incoming-body.ts";

const EMPTY = new Uint8Array(0);
/** Statuses whose Response may not even have an empty body. */
const BODILESS = new Set([204, 205, 304]);

/**
 * `fetch` of an application that runs in memory. A relative URL stands for one of `http://localhost`. As with any other
 * `fetch`, a request whose signal aborts before the answer began rejects with the signal's reason.
 */
export function fetchFrom(
  calls: CallClient,
  target: CallTarget,
  routePrefix: string | null,
  clock: Clock,
  random: Random,
): (request: Request | string) => Promise<Response> {
  const routes = new RouteTable({ routes: routePrefix === null ? [] : [{ prefix: routePrefix, ...target }] });
  return (input) => {
    const request = typeof input === "string" ? new Request(new URL(input, "http://localhost")) : input;
    const rawHeaders = [...request.headers].flat();
    const facts = readRequestHeaders(rawHeaders);
    const requestId = facts.requestId ?? randomUuid(random);
    const path = new URL(request.url).pathname;
    const route = routes.find(path);
    const failed = (status: number, error: ServeError): Response => {
      const accept = request.headers.get("accept") ?? "";
      const { headers, body } = errorResponse(status, error, { requestId, accept, development: false });
      return new Response(body, { status, headers: pairs([...headers, "x-request-id", requestId]) });
    };
    if (route === undefined) {
      const { status, error } = routeNotFound(path);
      return Promise.resolve(failed(status, error));
    }
    const timeoutS = timeoutOf(facts, null);
    const call = httpCallOf(
      { facts, requestId, route, deadlineMs: deadlineOf(timeoutS, clock), timeoutS, client: "" },
      { verb: request.method, url: request.url, body: EMPTY, bodyFollows: request.body !== null, upgrade: false },
    );
    return exchange(calls, call, request, failed);
  };
}

function exchange(
  calls: CallClient,
  call: HttpCall,
  request: Request,
  failed: (status: number, error: ServeError) => Response,
): Promise<Response> {
  const { signal } = request;
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    let body: IncomingBody | undefined;
    let wake: (() => void) | undefined;
    const isBodiless = (status: number): boolean => request.method === "HEAD" || BODILESS.has(status);
    const respond = (
      status: number,
      statusText: string,
      headers: readonly string[],
      content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
    ): void => {
      const all = pairs([...headers, "x-request-id", call.requestId]);
      resolve(new Response(isBodiless(status) ? null : content, { status, statusText, headers: all }));
    };
    const outgoing = calls.startHttp(call, {
      onResponse(status, statusText, headers, bytes, last) {
        if (last) return respond(status, statusText, headers, bytes.slice());
        body = new IncomingBody({ consumed: (count) => outgoing.consumed(count) }, undefined, () =>
          outgoing.cancel("client left"),
        );
        respond(status, statusText, headers, body.stream);
        if (isBodiless(status)) void body.stream.cancel();
      },
      onChunk: (bytes) => body?.push(bytes.slice()),
      onEnd: () => body?.end(),
      onError(error) {
        wake?.();
        if (body !== undefined) body.fail(error);
        else if (signal.aborted) reject(signal.reason);
        else resolve(failed(error.statusCode, error));
      },
      onWritable: () => wake?.(),
    });
    signal.addEventListener("abort", () => outgoing.cancel("client left"), { once: true });
    if (request.body !== null) void upload(request.body, outgoing, (resume) => void (wake = resume));
  });
}

async function upload(
  body: ReadableStream<Uint8Array>,
  outgoing: OutgoingHttpCall,
  onWait: (resume: () => void) => void,
): Promise<void> {
  try {
    for await (const piece of body) {
      if (!outgoing.writeBody(piece)) await new Promise<void>(onWait);
    }
    outgoing.endBody();
  } catch {
    outgoing.failBody("the request body broke off");
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as string, flat[2 * i + 1] as string]);
}
