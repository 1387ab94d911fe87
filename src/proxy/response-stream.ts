// A streamed response body: the chunks of one turn leave in one write, and credit goes back when the socket has room.
//   R1  The first byte leaves in the turn in which it came.
//   R2  `consumed` is withheld while the client does not read: the producer stops at its window (Q7).
//   R3  A declared length is kept to: what is too much is not sent, what is missing breaks the connection.
import { atTurnEnd } from "../core/tick.ts";
import type { OutgoingHttpCall } from "../model/call.ts";
import type { ResponseMessage } from "./http-message.ts";

export class ResponseStream {
  readonly #res: ResponseMessage;
  readonly #call: OutgoingHttpCall;
  /** Bytes that a declared length still allows; Infinity without one. */
  #allowed: number;
  readonly #lengthDeclared: boolean;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Consumed, but the socket was full. */
  #owed = 0;
  #waiting = false;
  #scheduled = false;
  #ending = false;
  #closed = false;

  /** @param contentLength as the application declared it, undefined: chunked */
  constructor(res: ResponseMessage, call: OutgoingHttpCall, contentLength: number | undefined) {
    this.#res = res;
    this.#call = call;
    this.#lengthDeclared = contentLength !== undefined;
    this.#allowed = contentLength ?? Infinity;
    this.#schedule();
  }

  /** False when more came than was declared: the response cannot be completed (R3). */
  push(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    if (bytes.length > this.#allowed) return false;
    this.#allowed -= bytes.length;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (!this.#scheduled) this.#schedule();
    return true;
  }

  /** Ends the response after what was pushed. False when less came than was declared (R3). */
  end(): boolean {
    if (this.#lengthDeclared && this.#allowed > 0) return false;
    this.#ending = true;
    if (!this.#scheduled) this.#schedule();
    return true;
  }

  /** Sends what came and then breaks the connection, so that the client sees that the body is not whole. */
  breakOff(): void {
    if (!this.#closed) this.#flush();
    this.#closed = true;
    const { socket } = this.#res;
    // Without chunks or a length, a plain end of the connection would look like the end of the body. Over TLS, whose sockets
    // cannot be reset, an end without the alert that belongs to it does not.
    if (!this.#res.chunkedEncoding && !this.#lengthDeclared) {
      if (socket?.encrypted === true) socket.destroy();
      else socket?.resetAndDestroy();
    } else if (this.#waiting || socket === null) this.#res.req.socket.destroy();
    else socket.destroySoon();
  }

  /** Forgets what was not sent: the client is gone. Returns the bytes for which `consumed` was withheld. */
  close(): number {
    this.#closed = true;
    this.#parts = [];
    return this.#owed + this.#bytes;
  }

  #schedule(): void {
    this.#scheduled = true;
    atTurnEnd(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#flush();
    });
  }

  #flush(): void {
    const bytes = this.#bytes;
    const data = this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : Buffer.concat(this.#parts, bytes);
    this.#parts = [];
    this.#bytes = 0;
    if (this.#ending) {
      this.#closed = true;
      this.#res.end(bytes === 0 ? undefined : data);
    } else if (bytes === 0) {
      this.#res.flushHeaders();
    } else if (this.#res.write(data)) {
      this.#call.consumed(bytes);
    } else {
      this.#owed += bytes;
      this.#awaitRoom();
    }
  }

  #awaitRoom(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#res.once("drain", () => {
      this.#waiting = false;
      const owed = this.#owed;
      this.#owed = 0;
      this.#call.consumed(owed);
    });
  }
}
