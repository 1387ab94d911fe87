// The control link from a program to its head, kept up for as long as the program lives.
//   R1  A broken link is dialled again after 50 ms, 100 ms ... 1 s; a new link is announced by `onConnected`.
//   R2  After `orphanTimeoutMs` without a head `onOrphaned` is called once (architecture section 1).
//   R3  A head that refuses this process (retired id or epoch) will never take it: `onRefused`.
import { backoffMs } from "../core/backoff.ts";
import type { Cancel, Clock } from "../core/clock.ts";
import { isServeError } from "../core/errors.ts";
import type { Address } from "../protocol/control.ts";
import { ControlLink } from "../transport/control-link.ts";
import type { Identity, Transport } from "../transport/transport.ts";

const REDIAL_FIRST_MS = 50;
const REDIAL_MAX_MS = 1000;
/** How long a program serves on without a head before it drains and ends (architecture section 1). */
export const ORPHAN_TIMEOUT_MS = 60_000;

/** What a program does with its link. */
export interface HeadLinkEvents {
  /** The link is up; called for the first and for each later one. Handlers must be installed here. */
  onConnected(link: ControlLink): void;
  onRequest(method: string, body: unknown): unknown;
  onNotify(link: ControlLink, topic: string, body: unknown): void;
  onOrphaned(): void;
  onRefused(reason: string): void;
}

export class HeadLink {
  readonly #transport: Transport;
  readonly #address: Address;
  readonly #self: Identity;
  readonly #events: HeadLinkEvents;
  readonly #clock: Clock;
  #link: ControlLink | undefined;
  #cancelOrphan: Cancel | undefined;
  #cancelRedial: Cancel | undefined;
  #closed = false;

  constructor(transport: Transport, address: Address, self: Identity, events: HeadLinkEvents, clock: Clock) {
    this.#transport = transport;
    this.#address = address;
    this.#self = self;
    this.#events = events;
    this.#clock = clock;
  }

  /** The link, while there is one. */
  get link(): ControlLink | undefined {
    return this.#link;
  }

  /** Begins to dial. */
  start(): void {
    this.#awaitHead();
    this.#dial(0);
  }

  /** Ends the link and stops dialling. */
  close(reason: string): void {
    this.#closed = true;
    this.#cancelOrphan?.();
    this.#cancelRedial?.();
    this.#link?.close(reason);
  }

  #dial(attempt: number): void {
    this.#transport.dial(this.#address, this.#self).then(
      (connection) => {
        const link = new ControlLink(connection, this.#clock);
        if (this.#closed) return link.close("the program ends");
        link.onRequest((method, body) => this.#events.onRequest(method, body));
        link.onNotify((topic, body) => this.#events.onNotify(link, topic, body));
        this.#cancelOrphan?.();
        this.#link = link;
        void link.closed.then(() => this.#lost(link));
        this.#events.onConnected(link);
      },
      (reason: unknown) => {
        if (this.#closed) return;
        if (isServeError(reason) && reason.code === "PROTOCOL") return this.#events.onRefused(reason.message);
        const delayMs = backoffMs(attempt, REDIAL_FIRST_MS, REDIAL_MAX_MS);
        this.#cancelRedial = this.#clock.after(delayMs, () => this.#dial(attempt + 1));
      },
    );
  }

  #lost(link: ControlLink): void {
    if (this.#closed || this.#link !== link) return;
    this.#link = undefined;
    this.#awaitHead();
    this.#dial(0);
  }

  #awaitHead(): void {
    this.#cancelOrphan = this.#clock.after(ORPHAN_TIMEOUT_MS, () => this.#events.onOrphaned());
  }
}
