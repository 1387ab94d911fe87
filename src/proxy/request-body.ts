// A request's body on its way in: gathered when small, passed on with back-pressure when not, or dropped.
//   R1  It is read only as fast as it is passed on: a full call pauses the socket (Q7).
//   R2  While it is read, it moves within the idle limit or its owner is told (RT7); a paused body is not idle.
//   R3  Its owner hears of exactly one of: gathered, too large, idle. After `drop` of none.
import type { Clock } from "../core/clock.ts";
import type { OutgoingHttpCall } from "../model/call.ts";
import type { RequestMessage } from "./http-message.ts";
import { readRequestHeaders } from "./request-headers.ts";

/** Who owns a body. */
export interface BodyOwner {
  bodyGathered(bytes: Uint8Array): void;
  bodyTooLarge(): void;
}

/** Bodies up to this go with the call itself (architecture 3.3). */
export const INLINE_BODY_BYTES = 65_536;

export class RequestBody {
  /** All of it has come. */
  complete = false;
  readonly #req: RequestMessage;
  readonly #owner: BodyOwner;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  #mode: "gather" | "pass" | "drop" = "drop";
  #parts: Uint8Array[] = [];
  #received = 0;
  #call: OutgoingHttpCall | undefined;
  #paused = false;
  #movedMs: number;

  /** @param maxBytes `maxBodyBytes`, Infinity for none */
  constructor(req: RequestMessage, owner: BodyOwner, maxBytes: number, clock: Clock) {
    this.#req = req;
    this.#owner = owner;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#movedMs = clock.monotonic();
  }

  /** Collects all of it; the owner gets it by `bodyGathered`. */
  gather(): void {
    this.#mode = "gather";
    this.#listen();
  }

  /** Passes it on to a call as it comes. */
  passTo(call: OutgoingHttpCall): void {
    this.#mode = "pass";
    this.#call = call;
    this.#listen();
  }

  /** Reads the rest and forgets it, so that the connection can be used again. */
  drop(): void {
    const listening = this.#mode !== "drop";
    this.#mode = "drop";
    this.#parts = [];
    this.#call = undefined;
    if (!listening) this.#listen();
    this.resume();
  }

  /** The call takes more. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#movedMs = this.#clock.monotonic();
    this.#req.resume();
  }

  /** Milliseconds for which a body that is being read has not moved (R2). */
  idleMs(nowMs: number): number {
    return this.#paused || this.complete ? 0 : nowMs - this.#movedMs;
  }

  #listen(): void {
    this.#movedMs = this.#clock.monotonic();
    this.#req.on("data", (bytes: Buffer) => this.#onBytes(bytes));
    this.#req.on("end", () => this.#onEnd());
  }

  #onBytes(bytes: Buffer): void {
    this.#movedMs = this.#clock.monotonic();
    if (this.#mode === "drop") return;
    this.#received += bytes.length;
    if (this.#received > this.#maxBytes) {
      this.#owner.bodyTooLarge();
    } else if (this.#mode === "gather") {
      this.#parts.push(bytes);
    } else if (this.#call?.writeBody(bytes) === false) {
      this.#paused = true;
      this.#req.pause();
    }
  }

  #onEnd(): void {
    this.complete = true;
    if (this.#mode === "pass") this.#call?.endBody(trailersOf(this.#req.rawTrailers));
    if (this.#mode !== "gather") return;
    const parts = this.#parts;
    this.#parts = [];
    this.#owner.bodyGathered(parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts, this.#received));
  }
}

/** Trailers that may pass: what is said of one connection, or by the proxy, does not. Few requests have any. */
function trailersOf(raw: readonly string[]): readonly string[] | undefined {
  return raw.length === 0 ? undefined : readRequestHeaders(raw).headers;
}
