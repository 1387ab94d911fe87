// The client's end of an open WebSocket: what goes to it, whose credit waits for that, and whether the client is still there.
//   R1  Credit for a chunk goes back when every message that ended in it or before it has left: a client that does not read
//       holds a window and one message, wherever the chunks' borders are (Q7).
//   R2  A client that was pinged and says nothing until the next ping is due has vanished: its connection is cut. Not while
//       it is held back: what it says is not read then.
import type { WebSocket } from "ws";
import type { Cancel, Clock } from "../core/clock.ts";
import { type SocketMessage, SocketMessageReader } from "../protocol/socket-messages.ts";

/** How often an open socket is pinged, milliseconds (as uvicorn's default, which Ray Serve uses). */
const PING_MS = 20_000;
const EMPTY = new Uint8Array(0);
const OPEN = 1;

export class WebSocketClient {
  readonly #socket: WebSocket;
  readonly #consumed: (bytes: number) => void;
  readonly #reader = new SocketMessageReader(0xffff_ffff);
  readonly #stopPings: Cancel;
  /** Of the last message that is on its way: the bytes to give back when it has left (R1). */
  #last: { owed: number } | undefined;
  #pinging = false;
  #silent = false;

  /** @param consumed told of bytes that came by `push` and have left */
  constructor(socket: WebSocket, consumed: (bytes: number) => void, clock: Clock) {
    this.#socket = socket;
    this.#consumed = consumed;
    for (const event of ["message", "ping", "pong"]) socket.on(event, () => (this.#silent = false));
    this.#stopPings = clock.every(PING_MS, () => this.#ping());
    socket.once("close", () => this.#stopPings());
  }

  get isOpen(): boolean {
    return this.#socket.readyState === OPEN;
  }

  /** Takes a piece of the replica's messages. False when it holds none that can be read. */
  push(bytes: Uint8Array): boolean {
    const messages = this.#reader.push(bytes);
    if (messages.length === 0) this.#owe(bytes.length);
    messages.forEach((message, i) => this.#send(message, i === messages.length - 1 ? bytes.length : 0));
    return this.#reader.fault === undefined;
  }

  /** Begins the closing handshake. */
  close(code: number, reason = ""): void {
    this.#socket.close(code, reason);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Part of a message that is not whole yet: it waits for those before it. */
  #owe(bytes: number): void {
    if (this.#last === undefined) this.#consumed(bytes);
    else this.#last.owed += bytes;
  }

  #send(message: SocketMessage, bytes: number): void {
    if (message.kind === "close") {
      this.#owe(bytes);
      return this.close(message.code, message.reason);
    }
    const sending = { owed: bytes };
    this.#last = sending;
    const data = message.kind === "text" ? message.text : message.bytes;
    this.#socket.send(data, { binary: message.kind === "binary" }, () => {
      if (this.#last === sending) this.#last = undefined;
      this.#consumed(sending.owed);
    });
  }

  /** R2 */
  #ping(): void {
    if (this.#silent && !this.#socket.isPaused) return this.#socket.terminate();
    if (!this.isOpen || this.#pinging) return;
    this.#pinging = true;
    // What it has to read first is no reason to give it up: the time runs from when the ping has left.
    this.#socket.ping(EMPTY, false, () => {
      this.#pinging = false;
      this.#silent = true;
    });
  }
}
