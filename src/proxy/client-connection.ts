// One client's connection: its open requests, in order, and how it ends.
//   R1  A malformed request is answered after the requests before it, then the connection closes.
//   R2  What follows a request whose answer closes the connection is not taken: where it begins may be in doubt.
//   R3  A connection that closes while the client may still be sending is first half-closed, so that the answer arrives.
//   R4  What a client pipelines beyond a limit waits in the kernel: one connection is not a queue without end.
import type { Clock } from "../core/clock.ts";
import { formatClient } from "../protocol/client-address.ts";
import type { ClientSocket } from "./http-message.ts";
import type { Refusal } from "./refusals.ts";

/** A request under way, as its connection sees it. */
export interface OpenRequest {
  /** Its body is still being read. */
  readonly receiving: boolean;
  /** The connection ended. */
  clientLeft(): void;
  /** The rest of its body is malformed. */
  bodyMalformed(refusal: Refusal): void;
}

/** Open requests of a connection. Chosen: ten times what clients pipeline. */
const MAX_OPEN = 1000;
/** How long a half-closed connection may go on sending, milliseconds. */
export const LINGER_MS = 2000;

const NONE: readonly OpenRequest[] = [];

export class ClientConnection {
  readonly socket: ClientSocket;
  /** It closes with the last open request: no further one is taken (R2). */
  closing = false;
  readonly #clock: Clock;
  // Lists are not changed but replaced: most connections have one request at a time, and a list that grew keeps room for 17.
  #open: readonly OpenRequest[] = NONE;
  #client: string | undefined;
  #failed = false;
  #lastWords: string | undefined;
  #letGo: (() => void) | undefined;

  constructor(socket: ClientSocket, clock: Clock) {
    this.socket = socket;
    this.#clock = clock;
  }

  /** Who is at its other end, as `formatClient` says it. */
  get client(): string {
    return (this.#client ??= formatClient(this.socket.remoteAddress, this.socket.remotePort));
  }

  /** True while no request is open. */
  get idle(): boolean {
    return this.#open.length === 0;
  }

  add(request: OpenRequest): void {
    this.#open = this.idle ? [request] : [...this.#open, request];
    if (this.#open.length === MAX_OPEN) this.#hold();
  }

  /** The request was answered. */
  remove(request: OpenRequest): void {
    const isOnly = this.#open.length === 1 && this.#open[0] === request;
    this.#open = isOnly ? NONE : this.#open.filter((one) => one !== request);
    if (this.#letGo !== undefined && this.#open.length < MAX_OPEN) this.#letGo();
    if (this.#lastWords !== undefined && this.idle) this.closeWith(this.#lastWords);
  }

  /** The client closed its side, or the connection broke. */
  left(): void {
    for (const request of this.#open) request.clientLeft();
  }

  /** The parser gave up. @param rawAnswer a whole response, written when it is its turn (R1) */
  fail(refusal: Refusal, rawAnswer: string): void {
    if (this.#failed || this.closing) return; // the parser says so again for all that follows
    this.#failed = true;
    const last = this.#open.at(-1);
    if (last?.receiving === true) last.bodyMalformed(refusal);
    else if (last === undefined) this.closeWith(rawAnswer);
    else this.#lastWords = rawAnswer;
  }

  /** Writes a whole response and closes. */
  closeWith(rawAnswer: string): void {
    if (!this.socket.writable) return void this.socket.destroy();
    this.linger();
    this.socket.write(rawAnswer, "latin1");
    this.socket.destroySoon();
  }

  /** Takes nothing more from the client (R4). */
  #hold(): void {
    const { socket } = this;
    const { resume } = socket;
    socket.pause();
    socket.resume = () => socket; // node:http resumes it whenever an answer is complete
    this.#letGo = () => {
      this.#letGo = undefined;
      socket.resume = resume;
      socket.resume();
    };
  }

  /** Makes the coming close half-close first (R3). */
  linger(): void {
    const { socket } = this;
    socket.destroySoon = () => {
      socket.end();
      const cancel = this.#clock.after(LINGER_MS, () => void socket.destroy(), true);
      socket.once("close", cancel);
    };
  }
}
