// Writes one value in a single pass, and refuses what cannot cross (api.md "Values that cross") with its path.
// Must not change the value, must not keep a reference to it, must not drop or flatten anything silently.
//   V1  Only Object.prototype and null prototypes are plain; every other prototype is in the list below or refused.
//   V2  Refusing rolls the writer back to where it was. Bodies opened meanwhile are the hooks' to drop.
//   V3  The containers around the current value are kept on a stack: they give the path, the depth and the cycles.
//   V4  Reading a value may run user code (accessors, proxies): what that throws is a refusal at that path.
import { SerializationError, describeThrown } from "../core/errors.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { EXT, MAX_DEPTH, viewKind, viewName } from "./ext.ts";
import {
  beginExt,
  endExt,
  writeArrayHeader,
  writeBinary,
  writeBoolean,
  writeExtHeader,
  writeMapHeader,
  writeNil,
  writeNumber,
  writeString,
} from "./msgpack.ts";
import { formatPath } from "./value-path.ts";
import { CROSSING_HINT, plainHooks, type EncodeHooks } from "./value-hooks.ts";

const SHARED_MEMORY = "a SharedArrayBuffer";

/** The state of one encoding. Reused from call to call, never shared by two at a time. */
class ValueEncoder {
  hooks: EncodeHooks = plainHooks;
  root = "";
  depth = 0;
  readonly containers: (object | undefined)[] = [];
  readonly slots: (string | number)[] = [];

  path(): string {
    return formatPath(this.root, this.containers, this.slots, this.depth);
  }

  refuse(received: string, hint?: string): never {
    throw new SerializationError({ path: this.path(), received }, hint);
  }

  enter(container: object): void {
    const { containers, depth } = this;
    if (depth >= MAX_DEPTH) this.refuse(`nesting deeper than ${MAX_DEPTH} levels`);
    for (let level = depth - 1; level >= 0; level--) if (containers[level] === container) this.refuse("a cycle");
    containers[depth] = container;
    this.depth = depth + 1;
  }

  leave(): void {
    this.depth--;
    this.containers[this.depth] = undefined;
  }

  at(slot: string | number): void {
    this.slots[this.depth - 1] = slot;
  }

  value(w: ByteWriter, value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.text(w, value);
      case "number":
        return writeNumber(w, value);
      case "boolean":
        return writeBoolean(w, value);
      case "undefined":
        return writeExtHeader(w, EXT.undefined, 0);
      case "bigint":
        return writeBigint(w, value);
      case "object":
        return value === null ? writeNil(w) : this.object(w, value);
      case "function":
        return this.foreign(w, value, "a function");
      default:
        return this.refuse("a symbol");
    }
  }

  text(w: ByteWriter, text: string): void {
    if (!writeString(w, text) && !text.isWellFormed()) this.refuse("an unpaired surrogate");
  }

  object(w: ByteWriter, value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (Array.isArray(value)) {
      if (prototype !== Array.prototype) return this.foreign(w, value, describeInstance(value));
      return this.array(w, value);
    }
    switch (prototype) {
      case Object.prototype:
      case null:
        return this.plain(w, value as Record<string, unknown>);
      case Map.prototype:
        return this.map(w, value as Map<unknown, unknown>);
      case Set.prototype:
        return this.set(w, value as Set<unknown>);
      case Date.prototype:
        writeExtHeader(w, EXT.date, 8);
        return w.f64BE((value as Date).getTime());
      default:
        return this.instance(w, value);
    }
  }

  /** Objects of a class that crosses by its type rather than by its prototype. */
  instance(w: ByteWriter, value: object): void {
    if (ArrayBuffer.isView(value)) return this.view(w, value);
    if (value instanceof Error) return this.error(w, value);
    if (value instanceof ArrayBuffer) {
      const bytes = this.memory(value, 0, value.byteLength);
      writeExtHeader(w, EXT.arrayBuffer, bytes.length);
      return w.bytes(bytes);
    }
    if (typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer) this.refuse(SHARED_MEMORY);
    if (value instanceof Request) return this.request(w, value);
    if (value instanceof Response) return this.response(w, value);
    this.foreign(w, value, describeInstance(value));
  }

  array(w: ByteWriter, list: readonly unknown[]): void {
    this.enter(list);
    const length = list.length;
    writeArrayHeader(w, length);
    for (let i = 0; i < length; i++) {
      this.slots[this.depth - 1] = i;
      this.value(w, list[i]);
    }
    this.leave();
  }

  plain(w: ByteWriter, value: Record<string, unknown>): void {
    // Before entering: what these find, or throw, belongs to the object and to no key of it.
    const keys = Object.keys(value);
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      if (Object.prototype.propertyIsEnumerable.call(value, symbol)) this.refuse(`the symbol key ${String(symbol)}`);
    }
    this.enter(value);
    this.fields(w, value, keys);
    this.leave();
  }

  fields(w: ByteWriter, value: Record<string, unknown>, keys: readonly string[]): void {
    writeMapHeader(w, keys.length);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      this.slots[this.depth - 1] = key;
      this.text(w, key);
      this.value(w, value[key]);
    }
  }

  map(w: ByteWriter, map: Map<unknown, unknown>): void {
    const size = map.size;
    this.enter(map);
    const start = beginExt(w);
    writeArrayHeader(w, size * 2);
    let position = 0;
    for (const [key, value] of map) {
      this.at(position++);
      this.value(w, key);
      this.at(position++);
      this.value(w, value);
    }
    this.leave();
    if (position !== size * 2) this.refuse("a Map that changed while it was read");
    endExt(w, start, EXT.map);
  }

  set(w: ByteWriter, set: Set<unknown>): void {
    const size = set.size;
    this.enter(set);
    const start = beginExt(w);
    writeArrayHeader(w, size);
    let position = 0;
    for (const value of set) {
      this.at(position++);
      this.value(w, value);
    }
    this.leave();
    if (position !== size) this.refuse("a Set that changed while it was read");
    endExt(w, start, EXT.set);
  }

  error(w: ByteWriter, error: Error): void {
    this.enter(error);
    const start = beginExt(w);
    writeArrayHeader(w, 5);
    this.at("name");
    this.text(w, String(error.name));
    this.at("message");
    this.text(w, String(error.message));
    const hasCause = Object.hasOwn(error, "cause");
    writeBoolean(w, hasCause);
    this.at("cause");
    if (hasCause) this.value(w, error.cause);
    else writeNil(w);
    this.fields(w, error as unknown as Record<string, unknown>, errorFields(error));
    this.leave();
    endExt(w, start, EXT.error);
  }

  view(w: ByteWriter, view: ArrayBufferView): void {
    const name = viewName(view);
    const bytes = this.memory(view.buffer, view.byteOffset, view.byteLength);
    if (name === "Uint8Array") return writeBinary(w, bytes);
    const kind = viewKind(name);
    if (kind === undefined) this.refuse(`a ${name}`);
    writeExtHeader(w, EXT.typedArray, bytes.length + 1);
    w.u8(kind);
    w.bytes(bytes);
  }

  /** The bytes of a range of memory that belongs to this thread alone. Hosts are little endian, as the wire is. */
  memory(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array {
    if (!(buffer instanceof ArrayBuffer)) this.refuse(SHARED_MEMORY);
    if (buffer.detached) this.refuse("a detached ArrayBuffer");
    return new Uint8Array(buffer, offset, length);
  }

  request(w: ByteWriter, request: Request): void {
    const start = beginExt(w);
    writeArrayHeader(w, 4);
    writeString(w, request.method);
    writeString(w, request.url);
    writeHeaders(w, request.headers);
    this.body(w, request, "a Request");
    endExt(w, start, EXT.request);
  }

  response(w: ByteWriter, response: Response): void {
    if (response.type === "error") this.refuse("a Response.error()");
    const start = beginExt(w);
    writeArrayHeader(w, 4);
    writeNumber(w, response.status);
    writeString(w, response.statusText);
    writeHeaders(w, response.headers);
    this.body(w, response, "a Response");
    endExt(w, start, EXT.response);
  }

  body(w: ByteWriter, message: Request | Response, what: string): void {
    if (message.bodyUsed || message.body?.locked === true) this.refuse(`${what} whose body was already used`);
    if (message.body === null) writeNil(w);
    else writeNumber(w, this.hooks.openBody(message.body as ReadableStream<Uint8Array>, this.path()));
  }

  /** A deployment handle, or else nothing that crosses. */
  foreign(w: ByteWriter, value: object, received: string): void {
    const ref = this.hooks.handleRef(value);
    if (ref === undefined) this.refuse(received, crossingHint(value));
    this.enter(ref);
    const start = beginExt(w);
    writeArrayHeader(w, 3);
    this.at("application");
    this.text(w, ref.application);
    this.at("deployment");
    this.text(w, ref.deployment);
    this.at("options");
    if (ref.options === undefined) writeNil(w);
    else this.plain(w, ref.options);
    this.leave();
    endExt(w, start, EXT.handle);
  }
}

/** Own enumerable data of an error beyond what has its own place on the wire. */
export function errorFields(error: Error): string[] {
  return Object.keys(error).filter((key) => key !== "name" && key !== "message" && key !== "cause" && key !== "stack");
}

function writeBigint(w: ByteWriter, value: bigint): void {
  const negative = value < 0n;
  const digits = value === 0n ? "" : (negative ? -value : value).toString(16);
  const length = (digits.length + 1) >> 1;
  writeExtHeader(w, EXT.bigint, length + 1);
  w.u8(negative ? 1 : 0);
  // An odd first digit stands alone in its byte.
  let at = digits.length & 1;
  if (at === 1) w.u8(parseInt(digits.charAt(0), 16));
  for (; at < digits.length; at += 2) w.u8(parseInt(digits.slice(at, at + 2), 16));
}

function writeHeaders(w: ByteWriter, headers: Headers): void {
  const pairs = [...headers];
  writeArrayHeader(w, pairs.length * 2);
  for (const [name, value] of pairs) {
    writeString(w, name);
    writeString(w, value);
  }
}

function describeInstance(value: object): string {
  const { constructor: maker } = (Object.getPrototypeOf(value) ?? {}) as { constructor?: { name?: unknown } };
  return typeof maker?.name === "string" && maker.name !== ""
    ? `an instance of ${maker.name}`
    : "an instance of a class without a name";
}

function crossingHint(value: object): string | undefined {
  const hint = (value as { [CROSSING_HINT]?: unknown })[CROSSING_HINT];
  return typeof hint === "string" ? hint : undefined;
}

let spare: ValueEncoder | undefined = new ValueEncoder();

/**
 * Writes `value` at the end of `writer`.
 * @param root what the value is called in error paths, e.g. `args`
 * @throws {SerializationError} something in it cannot cross; the writer is as it was before
 */
export function encodeValue(writer: ByteWriter, value: unknown, hooks: EncodeHooks, root: string): void {
  const start = writer.position;
  // An accessor of the value may itself encode something: it then gets an encoder of its own.
  const encoder = spare ?? new ValueEncoder();
  spare = undefined;
  encoder.hooks = hooks;
  encoder.root = root;
  try {
    encoder.value(writer, value);
  } catch (reason) {
    writer.position = start;
    if (reason instanceof SerializationError) throw reason;
    throw new SerializationError({
      path: encoder.path(),
      received: `a value that threw while it was read (${describeThrown(reason)})`,
    });
  } finally {
    while (encoder.depth > 0) encoder.leave();
    encoder.hooks = plainHooks;
    spare = encoder;
  }
}
