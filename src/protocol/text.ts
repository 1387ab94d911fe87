// Text to UTF-8 bytes and back: the one place that knows which of the host's converters is fastest for which length.
// Must not throw and must not read outside the range it is given.
//   T1  Writing turns an unpaired surrogate into U+FFFD; who must refuse it checks `isWellFormed()` first.
//   T2  Reading refuses bytes that are not valid UTF-8 instead of replacing them.
//   T3  Without the global `Buffer` the standard TextEncoder and TextDecoder give the same results.

/** The converters of Node's Buffer that work on any Uint8Array. */
interface NativeText {
  utf8Write(this: Uint8Array, text: string, at: number, room: number): number;
  utf8Slice(this: Uint8Array, start: number, end: number): string;
}

const hasBuffer = typeof Buffer === "function";
const native = hasBuffer ? (Buffer.prototype as unknown as NativeText) : undefined;
const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Up to this many characters a plain loop beats the call into the host (measured on Node 24). */
const SHORT = 24;
const REPLACEMENT = "\uFFFD";

/** Fresh memory whose content is undefined; never shared with Node's buffer pool. */
export function allocateBytes(size: number): Uint8Array {
  return hasBuffer ? new Uint8Array(Buffer.allocUnsafeSlow(size).buffer) : new Uint8Array(size);
}

/** Exact number of bytes that `writeText` produces for `text`. */
export function textByteLength(text: string): number {
  return hasBuffer ? Buffer.byteLength(text) : encoder.encode(text).length;
}

/**
 * Writes `text` as UTF-8 at `at`. The caller has made room for it: 3 bytes a character, or `textByteLength`.
 * @returns the number of bytes written; equal to `text.length` exactly when the text is ASCII
 */
export function writeText(bytes: Uint8Array, text: string, at: number, room: number): number {
  const length = text.length;
  if (length <= SHORT) {
    let i = 0;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) break;
      bytes[at + i] = code;
    }
    if (i === length) return length;
  }
  if (native !== undefined) return native.utf8Write.call(bytes, text, at, room);
  return encoder.encodeInto(text, bytes.subarray(at, at + room)).written;
}

/** The text in `bytes[start, end)`, or undefined where it is not valid UTF-8. The range lies inside `bytes`. */
export function readText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= SHORT) {
    const text = readShortAscii(bytes, start, end);
    if (text !== undefined) return text;
  }
  if (native === undefined) return readStrict(bytes, start, end);
  const text = native.utf8Slice.call(bytes, start, end);
  // The fast converter replaces what is malformed, and a replacement character may also have been sent.
  return text.includes(REPLACEMENT) ? readStrict(bytes, start, end) : text;
}

function readStrict(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return strict.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** The last short texts seen, by a hash of three bytes: keys, header names and methods come again and again. */
const recent: string[] = new Array<string>(1024).fill("");
/** One argument list per length, so that `String.fromCharCode` is called without allocating. */
const codes: number[][] = Array.from({ length: SHORT + 1 }, (_, length) => new Array<number>(length).fill(0));

function readShortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  const length = end - start;
  if (length === 0) return "";
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const last = bytes[end - 1] as number;
  const slot = (length * 131 + first * 17 + middle * 257 + last * 31) & 1023;
  const known = recent[slot] as string;
  if (known.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === bytes[start + i]) i++;
    if (i === length) return known;
  }
  const list = codes[length] as number[];
  for (let i = 0; i < length; i++) {
    const code = bytes[start + i] as number;
    if (code > 0x7f) return undefined;
    list[i] = code;
  }
  return (recent[slot] = String.fromCharCode.apply(undefined, list));
}
