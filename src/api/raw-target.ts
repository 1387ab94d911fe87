// The target of a request as its client sent it. `request.url` is what a URL parser made of it: `'` became `%27`, dot
// segments are gone. Only what speaks HTTP again asks for it (RT7).

/** Where a request keeps its target; one that an application made has none. */
export const TARGET = Symbol.for("manta-serve/target");

/** Path and query, as sent where that is known. */
export function targetOf(request: Request & { readonly [TARGET]?: string | undefined }): string {
  const sent = request[TARGET];
  if (sent !== undefined) return sent;
  const { pathname, search } = new URL(request.url);
  return pathname + search;
}
