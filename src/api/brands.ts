// How objects of this package are recognised when another copy of it made them, and what to say when one of them turns
// up where only data can be.

/** Marks what a handle call returned; the value is the method that gives it as another call's argument. */
export const RESPONSE = Symbol.for("manta-serve/response");
/** Marks what `bind` returned. */
export const APPLICATION = Symbol.for("manta-serve/application");
/** Marks what `deployment()` returned. */
export const DEPLOYMENT = Symbol.for("manta-serve/deployment");

/** What to do about an object of this package that cannot cross; undefined for any other. For the hooks of the value codec. */
export function hintFor(value: object): string | undefined {
  if (RESPONSE in value) return "await it first, or pass it as a top-level argument of the call";
  if (DEPLOYMENT in value) return "pass what its bind(...) returns, as an argument of another bind(...)";
  if (APPLICATION in value) return "give it to bind(...), which makes a handle of it, or to serve.run";
  return undefined;
}
