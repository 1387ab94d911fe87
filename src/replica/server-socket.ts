// The web-standard `WebSocket` that an ingress gets, at the server's end: messages over the two body streams of its call.
//   R1  It is open from the start; it is closed when both sides have said so, or the connection broke (1006).
//   R2  Messages wait until somebody listens for them, and hold credit meanwhile: a socket that nobody reads stops the
//       client (Q7).
//   R3  What is sent and not taken by the connection yet counts as `bufferedAmount`; when all is taken there is a `drain`
//       event, which the standard lacks.
//   R4  What a listener throws, at once or later, is told to the owner: on Node's own it would end the process, and with
//       it every other socket.
import { ServeError } from "../core/errors.ts";
import {
  CLOSE_CODE,
  encodedSize,
  encodeSocketMessage,
  type SocketMessage,
  SocketMessageReader,
} from "../protocol/socket-messages.ts";
import type { HttpAnswer } from "./http-answer.ts";

/** Longest message from a client: the proxy has enforced its own limit before. */
const MAX_MESSAGE_BYTES = 0xffff_ffff;
const EMPTY = new Uint8Array(0);
const STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/** A `CloseEvent`, which Node has only from version 23 on. */
export class SocketCloseEvent extends Event {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(code: number, reason: string, wasClean: boolean) {
    super("close");
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

type ListenerArgs = Parameters<EventTarget["addEventListener"]>;
type Listener = ListenerArgs[1];
type Handler = ((this: WebSocket, event: never) => unknown) | null;

export class ServerSocket extends EventTarget {
  static readonly CONNECTING = STATES.CONNECTING;
  static readonly OPEN = STATES.OPEN;
  static readonly CLOSING = STATES.CLOSING;
  static readonly CLOSED = STATES.CLOSED;
  readonly CONNECTING = STATES.CONNECTING;
  readonly OPEN = STATES.OPEN;
  readonly CLOSING = STATES.CLOSING;
  readonly CLOSED = STATES.CLOSED;
  readonly url: string;
  readonly protocol: string;
  readonly extensions = "";
  binaryType: "blob" | "arraybuffer" = "blob";
  /** Resolves when it is closed (R1), with the code that is logged. */
  readonly closed: Promise<number>;
  readonly #resolveClosed: (code: number) => void;
  readonly #reader = new SocketMessageReader(MAX_MESSAGE_BYTES);
  readonly #outgoing: (Uint8Array | Promise<Uint8Array>)[] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly #guarded = new WeakMap<object, (event: Event) => void>();
  readonly #onThrown: (reason: unknown) => void;
  #state: number = STATES.OPEN;
  #buffered = 0;
  #listening: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #sentClose: { readonly code: number; readonly reason: string } | undefined;
  #hasListener = false;

  /** @param incoming messages of the client, as bytes @param onThrown told of what a listener throws (R4) */
  constructor(
    url: string,
    protocol: string,
    incoming: ReadableStream<Uint8Array>,
    onThrown: (reason: unknown) => void,
  ) {
    super();
    this.#onThrown = onThrown;
    this.url = url;
    this.protocol = protocol;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    void this.#read(incoming);
  }

  get readyState(): number {
    return this.#state;
  }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  get onopen(): Handler {
    return this.#handlers.get("open") ?? null;
  }
  set onopen(handler: Handler) {
    this.#setHandler("open", handler);
  }
  get onmessage(): Handler {
    return this.#handlers.get("message") ?? null;
  }
  set onmessage(handler: Handler) {
    this.#setHandler("message", handler);
  }
  get onclose(): Handler {
    return this.#handlers.get("close") ?? null;
  }
  set onclose(handler: Handler) {
    this.#setHandler("close", handler);
  }
  get onerror(): Handler {
    return this.#handlers.get("error") ?? null;
  }
  set onerror(handler: Handler) {
    this.#setHandler("error", handler);
  }

  override addEventListener(...[type, listener, options]: ListenerArgs): void {
    if (listener !== null) super.addEventListener(type, this.#guard(listener), options);
    if (type !== "message") return;
    this.#hasListener = true;
    this.#listening?.(); // R2
  }

  override removeEventListener(...[type, listener, options]: Parameters<EventTarget["removeEventListener"]>): void {
    if (listener !== null) super.removeEventListener(type, this.#guard(listener), options);
  }

  /** Sends a message. Without effect once the socket is closing, as the standard says. */
  send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
    if (this.#state !== STATES.OPEN) return;
    if (typeof data === "string") return this.#push({ kind: "text", text: data });
    if (data instanceof Blob) return this.#pushLater(data);
    if (ArrayBuffer.isView(data)) {
      return this.#push({ kind: "binary", bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
    }
    if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
      return this.#push({ kind: "binary", bytes: new Uint8Array(data) });
    }
    throw new ServeError("SERIALIZATION", `socket.send(data): received ${typeof data}, expected text, bytes or a Blob`);
  }

  /** Begins the closing handshake. @param code 1000, or 3000 to 4999, as the standard says */
  close(code: number = CLOSE_CODE.normal, reason = ""): void {
    if (code !== CLOSE_CODE.normal && (code < 3000 || code > 4999)) {
      throw new ServeError("CONFIG_INVALID", `socket.close(code): received ${code}, expected 1000 or 3000 to 4999`);
    }
    this.end(code, reason);
  }

  /** Closes with a code that only Manta may use: going away, internal error. */
  end(code: number, reason: string): void {
    if (this.#state !== STATES.OPEN) return;
    this.#state = STATES.CLOSING;
    this.#sentClose = { code, reason };
    this.#push({ kind: "close", code, reason: cut(reason) });
    this.#wake?.();
  }

  /**
   * What goes to the client, as the pieces of an answer; ends after the close message.
   * @param until resolves when the code that got the socket has returned: the answer lasts as long (Q5)
   */
  async *pieces(until: Promise<void>): AsyncGenerator<Uint8Array, void, void> {
    yield EMPTY; // the handshake must not wait for the first message
    try {
      for (;;) {
        while (this.#outgoing.length > 0) {
          const next = this.#outgoing.shift() as Uint8Array | Promise<Uint8Array>;
          const piece = next instanceof Promise ? await next : next;
          yield piece;
          this.#buffered -= piece.length;
          if (this.#buffered === 0 && piece.length > 0) this.dispatchEvent(new Event("drain"));
        }
        if (this.#state === STATES.CLOSED) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#finish(CLOSE_CODE.abnormal, "", false); // nobody takes it any more
      await until;
    }
  }

  #push(message: SocketMessage): void {
    const bytes = encodeSocketMessage(message);
    this.#outgoing.push(bytes);
    this.#buffered += bytes.length;
    this.#wake?.();
  }

  /** A Blob's bytes come later; its place among the messages is here. */
  #pushLater(data: Blob): void {
    const bytes = data
      .arrayBuffer()
      .then((read) => encodeSocketMessage({ kind: "binary", bytes: new Uint8Array(read) }));
    bytes.catch(() => undefined); // told when it is its turn
    this.#outgoing.push(bytes);
    this.#buffered += encodedSize(data.size);
    this.#wake?.();
  }

  async #read(incoming: ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const piece of incoming) {
        for (const message of this.#reader.push(piece)) {
          if (message.kind === "close") return this.#closedByClient(message.code, message.reason);
          await this.#untilListening();
          this.#deliver(message);
        }
        if (this.#reader.fault !== undefined) break;
      }
    } catch {
      // the connection broke: told below
    }
    this.#finish(CLOSE_CODE.abnormal, "", false);
  }

  #untilListening(): Promise<void> | undefined {
    if (this.#hasListener || this.#state !== STATES.OPEN) return undefined;
    return new Promise((resolve) => (this.#listening = resolve));
  }

  #deliver(message: Exclude<SocketMessage, { kind: "close" }>): void {
    if (this.#state !== STATES.OPEN) return;
    const data = message.kind === "text" ? message.text : this.#asBinary(message.bytes);
    this.dispatchEvent(new MessageEvent("message", { data, origin: this.url }));
  }

  #asBinary(bytes: Uint8Array): ArrayBuffer | Blob {
    const own = new Uint8Array(bytes); // the piece's memory is shared
    return this.binaryType === "arraybuffer" ? own.buffer : new Blob([own]);
  }

  #closedByClient(code: number, reason: string): void {
    if (this.#state === STATES.OPEN) {
      this.#state = STATES.CLOSING;
      this.#push({ kind: "close", code: code === CLOSE_CODE.noStatus ? CLOSE_CODE.normal : code, reason });
    }
    this.#finish(code, reason, true);
  }

  /** R1 */
  #finish(code: number, reason: string, wasClean: boolean): void {
    if (this.#state === STATES.CLOSED) return;
    const shown = wasClean && this.#sentClose !== undefined ? this.#sentClose : { code, reason };
    this.#state = STATES.CLOSED;
    this.#wake?.();
    this.#listening?.();
    if (!wasClean) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(new SocketCloseEvent(shown.code, shown.reason, wasClean));
    this.#resolveClosed(shown.code);
  }

  /** R4. The same one for the same listener, so that it can be removed. */
  #guard(listener: NonNullable<Listener>): (event: Event) => void {
    const known = this.#guarded.get(listener);
    if (known !== undefined) return known;
    const guarded = (event: Event): void => {
      try {
        const returned: unknown =
          typeof listener === "function" ? listener.call(this, event) : listener.handleEvent(event);
        if (returned instanceof Promise) returned.catch(this.#onThrown);
      } catch (reason) {
        this.#onThrown(reason);
      }
    };
    this.#guarded.set(listener, guarded);
    return guarded;
  }

  #setHandler(type: string, handler: Handler): void {
    const before = this.#handlers.get(type);
    if (before !== undefined && before !== null) this.removeEventListener(type, before as Listener);
    this.#handlers.set(type, handler);
    if (handler !== null) this.addEventListener(type, handler as Listener);
  }
}

/** A close reason has at most 123 bytes (RFC 6455 5.5). */
function cut(reason: string): string {
  const bytes = Buffer.from(reason);
  return bytes.length <= 123
    ? reason
    : bytes
        .subarray(0, 123)
        .toString("utf8")
        .replace(/\ufffd+$/, "");
}

/** What a replica answers an upgrade with: a handshake, then the socket's messages. */
export class SocketAnswer {
  readonly #socket: ServerSocket;
  readonly #code: Promise<void>;

  /** @param code resolves when the code that got the socket has returned */
  constructor(socket: ServerSocket, code: Promise<void>) {
    this.#socket = socket;
    this.#code = code;
  }

  /** For the writer of HTTP answers. */
  asHttp(): HttpAnswer {
    const { protocol } = this.#socket;
    const headers = protocol === "" ? [] : ["sec-websocket-protocol", protocol];
    return { kind: "stream", head: { status: 101, statusText: "", headers }, pieces: this.#socket.pieces(this.#code) };
  }
}
