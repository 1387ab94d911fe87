// WebSocket messages within the two body streams of a call: proxy and replica speak these, the frames of a client's
// connection end at the proxy. A message is `u8 kind | u32 length | payload`, little endian; chunk borders mean nothing.
//   R1  Reading is total: what is no message is told as a fault, never thrown; a length above the limit is refused before
//       its payload is gathered.

/** Kinds of messages. The payload of `close` is `u16 code | reason as UTF-8`. */
export const SOCKET_MESSAGE = { text: 1, binary: 2, close: 8 } as const;

/** Close codes of RFC 6455 7.4.1 that Manta itself uses. */
export const CLOSE_CODE = {
  normal: 1000,
  goingAway: 1001,
  noStatus: 1005,
  abnormal: 1006,
  tooBig: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;

const HEADER_BYTES = 5;

export type SocketMessage =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary"; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** Bytes of a message with a payload of so many bytes. */
export function encodedSize(payloadBytes: number): number {
  return HEADER_BYTES + payloadBytes;
}

/** One message as bytes. */
export function encodeSocketMessage(message: SocketMessage): Uint8Array {
  switch (message.kind) {
    case "text":
      return withHeader(SOCKET_MESSAGE.text, Buffer.from(message.text));
    case "binary":
      return withHeader(SOCKET_MESSAGE.binary, message.bytes);
    case "close": {
      const reason = Buffer.from(message.reason);
      const payload = Buffer.alloc(2 + reason.length);
      payload.writeUInt16LE(message.code);
      payload.set(reason, 2);
      return withHeader(SOCKET_MESSAGE.close, payload);
    }
  }
}

function withHeader(kind: number, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes[0] = kind;
  bytes.writeUInt32LE(payload.length, 1);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Puts messages together from the pieces of a stream. */
export class SocketMessageReader {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;
  /** Why nothing more is read; undefined while all is well. */
  fault: string | undefined;

  /** @param maxBytes longest payload */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a piece; its memory may be used again afterwards. @returns the messages that are complete now */
  push(piece: Uint8Array): SocketMessage[] {
    if (this.fault !== undefined) return [];
    this.#pieces.push(Buffer.from(piece));
    this.#length += piece.length;
    const messages: SocketMessage[] = [];
    for (let message = this.#next(); message !== undefined; message = this.#next()) messages.push(message);
    return messages;
  }

  #next(): SocketMessage | undefined {
    if (this.fault !== undefined || this.#length < HEADER_BYTES) return undefined;
    const bytes = this.#joined(HEADER_BYTES);
    const size = bytes.readUInt32LE(1);
    if (size > this.#maxBytes) {
      this.fault = `a message of ${size} bytes, above the limit of ${this.#maxBytes}`;
      return undefined;
    }
    if (this.#length < HEADER_BYTES + size) return undefined;
    const whole = this.#joined(HEADER_BYTES + size);
    const payload = whole.subarray(HEADER_BYTES, HEADER_BYTES + size);
    const rest = whole.subarray(HEADER_BYTES + size);
    this.#pieces = rest.length === 0 ? [] : [rest]; // an empty one would keep the whole message in memory
    this.#length -= HEADER_BYTES + size;
    return this.#read(whole[0] as number, payload);
  }

  /** The bytes in one piece, when at least `least` are there; small messages never move. */
  #joined(least: number): Buffer {
    const [first] = this.#pieces;
    if (first !== undefined && first.length >= least) return first;
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }

  #read(kind: number, payload: Buffer): SocketMessage | undefined {
    switch (kind) {
      case SOCKET_MESSAGE.text:
        return { kind: "text", text: payload.toString() };
      case SOCKET_MESSAGE.binary:
        return { kind: "binary", bytes: payload };
      case SOCKET_MESSAGE.close:
        if (payload.length >= 2)
          return { kind: "close", code: payload.readUInt16LE(), reason: payload.toString("utf8", 2) };
    }
    this.fault = `a message of kind ${kind} with ${payload.length} bytes`;
    return undefined;
  }
}
