// The value codec: what user values become between processes. The door of this part of the room.
// msgpack with the extension table of ext.ts; the rules of encoding are in encode-value.ts, of decoding in decode-value.ts.
import { ByteWriter } from "./byte-writer.ts";
import { encodeValue } from "./encode-value.ts";
import type { EncodeHooks } from "./value-hooks.ts";

export { decodeValue } from "./decode-value.ts";
export { encodeValue } from "./encode-value.ts";
export {
  CROSSING_HINT,
  plainHooks,
  plainRevivers,
  type EncodeHooks,
  type HandleRef,
  type Revivers,
} from "./value-hooks.ts";

// One writer for all: what it hands out is a piece of a slab, so that a small value does not cost 64 KiB.
let shared: ByteWriter | undefined;

/**
 * One value as bytes of its own.
 * @throws {SerializationError} something in it cannot cross
 */
export function encodeToBytes(value: unknown, hooks: EncodeHooks, root: string): Uint8Array {
  // An accessor of the value may come here again while the writer is in use.
  const writer = shared ?? new ByteWriter();
  shared = undefined;
  try {
    encodeValue(writer, value, hooks, root);
    return writer.take();
  } finally {
    shared = writer;
  }
}
