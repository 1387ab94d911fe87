// The web-standard `Request` that an ingress gets: a real one, made without copying its body and without a signal of its
// own. undici ties each signal that it is given to the request by a FinalizationRegistry, and what is in one lives until
// a full collection: at 30,000 requests a second a replica grew by 30 MB a second (measured).
//   R1  `signal` is the scope's, made when first asked for. What is made of the request (`clone`, `new Request(r)`,
//       `fetch(r)`) aborts with it, because `abortIncoming` tells the signal that undici keeps inside.
//   R2  A body is a stream that gives what came with the call first, then what the client sends (Q7).
//   R3  A body that came whole is read without going through its stream; to every observer it was read all the same.
import { RECEIVED, type Received } from "../api/received.ts";
import type { IncomingBody } from "../transport/incoming-body.ts";

/** What makes a request. */
export interface RequestParts {
  readonly verb: string;
  readonly url: string;
  /** Flat: name, value. */
  readonly headers: readonly string[];
  /** Where `signal` comes from. */
  readonly scope: { readonly signal: AbortSignal };
  readonly body: IncomingBody | undefined;
  /** The body's bytes when all of them came with the call; their memory is shared, so readers get copies. */
  readonly whole: Uint8Array | undefined;
}

const decoder = new TextDecoder();

/** `Request` with its methods as methods, as they are; undici's types call them fields, which nobody may override. */
type Overridable = new (
  url: string,
  init: RequestInit,
) => Omit<Request, "signal" | "clone" | "text" | "json" | "arrayBuffer" | "bytes"> & {
  clone(): Request;
  text(): Promise<string>;
  json(): Promise<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array>;
};

class IncomingRequest extends (Request as unknown as Overridable) {
  readonly #scope: RequestParts["scope"];
  readonly #sentUrl: string;
  readonly #incoming: IncomingBody | undefined;
  #whole: Uint8Array | undefined;

  constructor(init: RequestInit, { url, scope, body, whole }: RequestParts) {
    super(url, init);
    this.#sentUrl = url;
    this.#scope = scope;
    this.#incoming = body;
    this.#whole = whole;
  }

  get [RECEIVED](): Received {
    const at = this.#sentUrl.indexOf("/", this.#sentUrl.indexOf("//") + 2);
    const target = at === -1 ? undefined : this.#sentUrl.slice(at);
    return { target, trailers: this.#incoming?.trailers ?? [] };
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  /** Two readers must not share memory: from here on both go through the stream. */
  override clone(): Request {
    this.#whole = undefined;
    return new Request(super.clone(), { signal: this.signal });
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
Object.defineProperty(IncomingRequest, "name", { value: "Request" });

/** @throws {TypeError} the url or a header is not one */
export function createRequest(parts: RequestParts): Request {
  const { verb, headers, body } = parts;
  const init = body === undefined ? { method: verb } : ({ method: verb, body: body.stream, duplex: "half" } as const);
  const request = new IncomingRequest(init, parts) as unknown as Request;
  // Appending one by one costs half of handing over a list (measured).
  const target = request.headers;
  for (let i = 0; i + 1 < headers.length; i += 2) target.append(headers[i] as string, headers[i + 1] as string);
  return request;
}

/** Gets the signal that undici keeps in a request, and that requests made of it listen to. */
const innerSignal = Object.getOwnPropertyDescriptor(Request.prototype, "signal")?.get as (this: Request) => AbortSignal;

/** The signal inside of a request that `createRequest` made, for `abortIncoming`: the request itself need not be kept. */
export function signalWithin(request: Request): AbortSignal {
  return innerSignal.call(request);
}

/** The request was cancelled: what was made of it aborts, too (R1). */
export function abortIncoming(inner: AbortSignal, reason: unknown): void {
  Object.defineProperties(inner, { aborted: { value: true }, reason: { value: reason } });
  inner.dispatchEvent(new Event("abort"));
}
