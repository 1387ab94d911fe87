// The msgpack extension types of the value codec, and the kinds of typed arrays. Numbers never change their meaning.
// docs/reference/protocol.md holds the same tables (tested); the Python side has its own copy of them.

/** Extension type numbers. `Uint8Array` is msgpack bin and has none. */
export const EXT = {
  undefined: 1,
  bigint: 2,
  date: 3,
  map: 4,
  set: 5,
  error: 6,
  arrayBuffer: 7,
  typedArray: 8,
  request: 9,
  response: 10,
  handle: 11,
} as const;

/** First byte of a typed-array extension; the raw little-endian bytes follow. */
export const ARRAY_KIND = {
  DataView: 0,
  Int8Array: 1,
  Uint8ClampedArray: 2,
  Int16Array: 3,
  Uint16Array: 4,
  Int32Array: 5,
  Uint32Array: 6,
  Float32Array: 7,
  Float64Array: 8,
  BigInt64Array: 9,
  BigUint64Array: 10,
  Float16Array: 11,
} as const;

/** A view over a buffer as a constructor that takes only the buffer. */
export interface ViewConstructor {
  readonly name: string;
  readonly BYTES_PER_ELEMENT?: number;
  new (buffer: ArrayBuffer): ArrayBufferView;
}

const kindsByName = new Map<string, number>(Object.entries(ARRAY_KIND));

// Looked up by name: Float16Array exists from Node 24 on.
const constructorsByKind: readonly (ViewConstructor | undefined)[] = Object.keys(ARRAY_KIND).map(
  (name) => (globalThis as unknown as Record<string, ViewConstructor | undefined>)[name],
);

const arrayName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: unknown) => string | undefined;

/** The standard type of a view, whatever its subclass: "Uint8Array" for a Buffer. */
export function viewName(view: ArrayBufferView): string {
  return arrayName.call(view) ?? "DataView";
}

/** The kind number of a standard view type, undefined for Uint8Array and for types this version does not know. */
export function viewKind(name: string): number | undefined {
  return kindsByName.get(name);
}

/** The constructor for a kind number, undefined when this host or version does not know it. */
export function viewConstructor(kind: number): ViewConstructor | undefined {
  return constructorsByKind[kind];
}

/** Values may be nested this deep; the outermost container is level 1. */
export const MAX_DEPTH = 512;
