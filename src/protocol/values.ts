// The value codec: what user values become between processes. The door of this part of the room.
// msgpack with the extension table of ext.ts; the rules of encoding are in encode-value.ts, of decoding in decode-value.ts.
import { ByteWriter } from "./byte-writer.ts";
import { encodeValue } from "./encode-value.ts";
import type { EncodeHooks } from "./value-hooks.ts";

export { decodeValue, type Decoded } from "./decode-value.ts";
export { encodeValue } from "./encode-value.ts";
export { plainHooks, plainRevivers, type EncodeHooks, type HandleRef, type Revivers } from "./value-hooks.ts";

/**
 * One value as bytes of its own.
 * @throws {SerializationError} something in it cannot cross
 */
export function encodeToBytes(value: unknown, hooks: EncodeHooks, root: string): Uint8Array {
  const writer = new ByteWriter();
  encodeValue(writer, value, hooks, root);
  return writer.take();
}
