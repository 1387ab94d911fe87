// One client's connection that speaks HTTP/2, loaded when the first client of a server with TLS chooses it.
//   R1  Its requests are exchanges of their own: one that is cancelled, late or broken ends its stream alone (Q4, Q5).
//   R2  What one connection may hold and ask for is bounded; a flood ends the connection that it comes over.
//   R3  Going away is GOAWAY: open streams finish. An idle connection goes away like one of HTTP/1.1.
import type { ServerHttp2Session } from "node:http2";
import type { Server } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { LINGER_MS } from "./client-connection.ts";
import type { Leaving, Receiving } from "./door.ts";
import { Http2Message } from "./http2-message.ts";

/** Streams that a client may have open at a time (R2). As nginx: enough for a browser, and for a client of many threads. */
const MAX_STREAMS = 128;
/** What a client may send of one body before it is read, bytes (Q7): as much as a call's window. */
const STREAM_WINDOW_BYTES = 256 * 1024;
/** The same of all bodies of a connection. Chosen: four uploads at full speed. */
const CONNECTION_WINDOW_BYTES = 4 * STREAM_WINDOW_BYTES;
/** Memory of a connection, MB; above it new streams are refused. What all of its streams may hold, there and back (Q7). */
const MAX_SESSION_MB = Math.ceil((2 * MAX_STREAMS * STREAM_WINDOW_BYTES) / 1e6);
/** Headers of which more is not even read, as RFC 9113 6.5.2 counts them; what is between this and RT7's limit gets its 431. */
const MAX_HEADER_LIST_BYTES = 65_536;

/**
 * Gives the connections whose client chose HTTP/2 in the handshake to `onHttp2`, and all others to `onHttp1` when the
 * server's own HTTP/1.1 has taken them.
 */
export function divideByProtocol(
  server: Server,
  onHttp1: (socket: TLSSocket) => void,
  onHttp2: (socket: TLSSocket) => void,
): void {
  const listeners = server.listeners("secureConnection"); // the parser of HTTP/1.1, attached by the server itself
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2") return onHttp2(socket);
    for (const listener of listeners) listener.call(server, socket);
    onHttp1(socket);
  });
}

export class Http2Session implements Leaving, Receiving {
  readonly #socket: TLSSocket;
  readonly #session: ServerHttp2Session;
  readonly #idleMs: number;
  readonly #clock: Clock;
  #streams = 0;
  /** Since when no stream is open. */
  #quietMs: number;

  /**
   * @param idleMs after which a connection without requests is closed, milliseconds
   * @param onRequest takes each request
   */
  constructor(socket: TLSSocket, idleMs: number, onRequest: (message: Http2Message) => void, clock: Clock) {
    const { performServerHandshake } = process.getBuiltinModule("node:http2");
    this.#socket = socket;
    this.#idleMs = idleMs;
    this.#clock = clock;
    this.#quietMs = clock.monotonic();
    this.#session = performServerHandshake(socket, {
      maxSessionMemory: MAX_SESSION_MB,
      maxHeaderListPairs: MAX_HEADER_LIST_BYTES / 32, // none of which can be reached
      settings: {
        maxConcurrentStreams: MAX_STREAMS,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: MAX_HEADER_LIST_BYTES,
      },
    });
    this.#session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    this.#session.on("error", () => undefined); // "close" follows, of the socket and of its streams
    this.#session.on("stream", (stream, _headers, _flags, rawHeaders) => {
      this.#streams++;
      stream.once("close", () => {
        this.#streams--;
        this.#quietMs = clock.monotonic();
      });
      onRequest(new Http2Message(stream, rawHeaders, socket));
    });
  }

  /** Lets the open streams finish and takes no more (R3). */
  goAway(): void {
    this.#session.close();
  }

  cut(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }

  sweep(): boolean {
    const quietMs = this.#streams > 0 ? 0 : this.#clock.monotonic() - this.#quietMs;
    const isOver = this.#session.closed || this.#session.destroyed;
    if (isOver && quietMs > LINGER_MS)
      this.#socket.destroy(); // its client reads no more, or does not close
    else if (quietMs > this.#idleMs) this.goAway();
    return this.#socket.destroyed;
  }
}
