// How objects of this package are recognised when another copy of it made them.

/** Marks what a handle call returned; the value is the method that gives it as another call's argument. */
export const RESPONSE = Symbol.for("manta-serve/response");
/** Marks what `bind` returned. */
export const APPLICATION = Symbol.for("manta-serve/application");
/** Marks a stream that `sse` made and nobody has read from; the value is an iterator of its pieces. */
export const PIECES = Symbol.for("manta-serve/pieces");
