// What came with a request and a web `Request` does not show. Only what speaks HTTP again asks for it (RT7).

/** Where a request keeps what it was received with; one that an application made has none. */
export const RECEIVED = Symbol.for("manta-serve/received");

export interface Received {
  /**
   * The target as its client sent it. `request.url` is what a URL parser made of it: `'` became `%27`, dot segments are
   * gone. Undefined when that is not known.
   */
  readonly target: string | undefined;
  /** Flat; complete when the body has ended. */
  readonly trailers: readonly string[];
}

const NOTHING: Received = { target: undefined, trailers: [] };

/** What `request` was received with. */
export function receivedWith(request: Request & { readonly [RECEIVED]?: Received }): Received {
  return request[RECEIVED] ?? NOTHING;
}

/** Path and query, as sent where that is known. */
export function targetOf(request: Request): string {
  const { target } = receivedWith(request);
  if (target !== undefined) return target;
  const { pathname, search } = new URL(request.url);
  return pathname + search;
}
