// What the value codec cannot know by itself: which object is a deployment handle, and how a body is streamed.
// Plain types and the two tables for places where neither exists (control links, options, errors).
import { SerializationError } from "../core/errors.ts";

/** Under this key an object that cannot cross may say what to do instead; the refusal says it on. */
export const CROSSING_HINT = Symbol.for("manta-serve/crossing-hint");

/** A deployment handle as data. */
export interface HandleRef {
  readonly application: string;
  readonly deployment: string;
  /** What `handle.options()` was given, plain values. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Asked while a value is encoded. */
export interface EncodeHooks {
  /** The reference when `value` is a deployment handle. Asked for functions and class instances only. */
  handleRef(value: object): HandleRef | undefined;
  /**
   * Registers a body that will be sent as chunks beside the value.
   * @param path where the Request or Response stands, for errors
   * @returns its stream number in the frame that carries the value
   */
  openBody(body: ReadableStream<Uint8Array>, path: string): number;
}

/** Asked while a value is decoded. What they throw makes the decoding fail with that message. */
export interface Revivers {
  handle(ref: HandleRef): unknown;
  body(stream: number): ReadableStream<Uint8Array>;
}

/** Hooks of a place that has neither handles nor streams: both are refused. */
export const plainHooks: EncodeHooks = {
  handleRef: () => undefined,
  openBody(_body, path) {
    throw new SerializationError({ path, received: "a Request or Response with a body" });
  },
};

/** Revivers of a place that has neither handles nor streams: both make the decoding fail. */
export const plainRevivers: Revivers = {
  handle() {
    throw new SerializationError({ path: "value", received: "a deployment handle" });
  },
  body() {
    throw new SerializationError({ path: "value", received: "a streamed body" });
  },
};
