// The web-standard `Request` that an ingress gets: a real one, made without copying its body.
//   R1  `signal` aborts when the request's scope is cancelled, also for what was derived from the request.
//   R2  A body is a stream that gives what came with the call first, then what the client sends (Q7).
//   R3  A body that came whole is read without going through its stream; to every observer it was read all the same.
import type { IncomingBody } from "../transport/incoming-body.ts";

/** What makes a request. */
export interface RequestParts {
  readonly verb: string;
  readonly url: string;
  /** Flat: name, value. */
  readonly headers: readonly string[];
  readonly signal: AbortSignal;
  readonly body: IncomingBody | undefined;
  /** The body's bytes when all of them came with the call; their memory is shared, so readers get copies. */
  readonly whole: Uint8Array | undefined;
}

const decoder = new TextDecoder();

/** `Request` with its readers as methods, as they are; undici's types call them fields, which nobody may override. */
type Readable = new (
  url: string,
  init: RequestInit,
) => Omit<Request, "clone" | "text" | "json" | "arrayBuffer" | "bytes"> & {
  clone(): Request;
  text(): Promise<string>;
  json(): Promise<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array>;
};

/** Reads a whole body directly (R3): 4 times faster than undici's way through the stream (measured). */
class WholeBodyRequest extends (Request as unknown as Readable) {
  #whole: Uint8Array | undefined;

  constructor(url: string, init: RequestInit, whole: Uint8Array) {
    super(url, init);
    this.#whole = whole;
  }

  /** Two readers must not share memory: from here on both go through the stream. */
  override clone(): Request {
    this.#whole = undefined;
    return super.clone();
  }

  override text(): Promise<string> {
    const whole = this.#take();
    return whole === undefined ? super.text() : Promise.resolve(decoder.decode(whole));
  }

  override async json(): Promise<unknown> {
    const whole = this.#take();
    return whole === undefined ? super.json() : JSON.parse(decoder.decode(whole));
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    const whole = this.#take();
    return whole === undefined ? super.arrayBuffer() : Promise.resolve(new Uint8Array(whole).buffer);
  }

  override bytes(): Promise<Uint8Array> {
    const whole = this.#take();
    return whole === undefined ? super.bytes() : Promise.resolve(new Uint8Array(whole));
  }

  /** The bytes, once; from then on the body counts as used. Undefined when somebody reads, or has read, the stream. */
  #take(): Uint8Array | undefined {
    const whole = this.#whole;
    this.#whole = undefined;
    const stream = this.body;
    if (whole === undefined || stream === null || stream.locked || this.bodyUsed) return undefined;
    void stream.cancel();
    return whole;
  }
}
Object.defineProperty(WholeBodyRequest, "name", { value: "Request" });

/** @throws {TypeError} the url or a header is not one */
export function createRequest({ verb, url, headers, signal, body, whole }: RequestParts): Request {
  const init = { method: verb, signal };
  let request: Request;
  if (body === undefined) request = new Request(url, init);
  else if (whole === undefined) request = new Request(url, { ...init, body: body.stream, duplex: "half" });
  else request = new WholeBodyRequest(url, { ...init, body: body.stream, duplex: "half" }, whole) as unknown as Request;
  // Appending one by one costs half of handing over a list (measured).
  const target = request.headers;
  for (let i = 0; i + 1 < headers.length; i += 2) target.append(headers[i] as string, headers[i + 1] as string);
  return request;
}
