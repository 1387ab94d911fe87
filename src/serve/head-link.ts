// The driver's control link to the head, across restarts of the head.
//   R1  A request that was under way when the link broke is asked again of the next head. What changes the instance
//       carries an id by then, so that it is not carried out twice: what came after it stands. It fails when no head
//       answers for `RECONNECT_LIMIT_MS`.
//   R2  The link keeps the process alive only while a request waits.
//   R3  After `close`, or once the head has ended as ordered, nothing is dialled any more.
import { backoffMs } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { ServeError, toServeError } from "../core/errors.ts";
import { type Random, randomId } from "../core/random.ts";
import type { HeadMethods, Order } from "../protocol/control.ts";
import type { Connection } from "../transport/connection.ts";
import { ControlLink } from "../transport/control-link.ts";

/** How a head is reached. */
export interface HeadDoor {
  /** One attempt. @throws {ServeError} ENGINE when nobody answers, PROTOCOL when the head refuses */
  dial(): Promise<Connection>;
  /** For messages: `the head of namespace default (logs in ...)`. */
  readonly name: string;
}

/** Pause between two attempts while a head starts, milliseconds. Chosen: a twentieth of what a head needs to start. */
const START_RETRY_MS = 5;

/** First and longest pause between two attempts to find the next head. Chosen: half of what "right within 2 s" (K1) leaves. */
const REDIAL_FIRST_MS = 10;
const REDIAL_MAX_MS = 1000;

/** How long requests wait for the next head. Chosen: twice the longest back-off of a supervisor. */
const RECONNECT_LIMIT_MS = 10_000;

/** The methods that change the instance (R1). */
const ORDERS: Readonly<Record<MethodWithOrder, true>> = { deploy: true, deployConfig: true, run: true, delete: true };
type MethodWithOrder = {
  [K in keyof HeadMethods]: "orderId" extends keyof HeadMethods[K]["in"] ? K : never;
}[keyof HeadMethods];

/** Characters. Chosen: no two of the orders that are remembered are ever the same. */
const ORDER_ID_LENGTH = 16;

/** The head, as one that can be asked, whichever process it is now. */
export class HeadLink {
  readonly #door: HeadDoor;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onLink: (link: ControlLink) => void;
  #link: ControlLink | undefined;
  #next = Promise.withResolvers<ControlLink>();
  #waiting = 0;
  #losses = 0;
  #closed = false;

  /** @param onLink gets each new link, in the turn in which it was made, to install its handlers */
  constructor(door: HeadDoor, onLink: (link: ControlLink) => void, clock: Clock, random: Random) {
    this.#door = door;
    this.#onLink = onLink;
    this.#clock = clock;
    this.#random = random;
    this.#next.promise.catch(() => undefined);
  }

  /** True while a head is connected. */
  get isOpen(): boolean {
    return this.#link?.isOpen === true;
  }

  /**
   * One attempt to reach a head that may run already.
   * @returns false when nobody answers
   * @throws {ServeError} PROTOCOL when the head refuses
   */
  async tryOpen(): Promise<boolean> {
    try {
      this.#adopt(await this.#door.dial());
      return true;
    } catch (reason) {
      const error = toServeError(reason);
      if (error.code === "ENGINE") return false;
      throw error;
    }
  }

  /** Attempts until a head answers or `signal` aborts, then false; for a head that is starting. */
  async open(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        this.#adopt(await this.#door.dial());
        return true;
      } catch {
        await this.#clock.sleep(START_RETRY_MS, signal).catch(() => undefined);
      }
    }
    return false;
  }

  /**
   * Asks the head.
   * @param limitMs how long a next head is waited for
   * @throws {ServeError} the head's error; ENGINE when there is no head and none comes (R1)
   */
  async request<K extends keyof HeadMethods>(
    method: K,
    body: HeadMethods[K]["in"],
    limitMs: number = RECONNECT_LIMIT_MS,
  ): Promise<HeadMethods[K]["out"]> {
    const order: Order = Object.hasOwn(ORDERS, method) ? { orderId: randomId(this.#random, ORDER_ID_LENGTH) } : {};
    const asked = body === null ? body : { ...body, ...order };
    this.#waiting++;
    this.#link?.setKeepsAlive(true);
    try {
      for (;;) {
        const link = await this.#current(limitMs);
        try {
          return await link.request<HeadMethods, K>(method, asked);
        } catch (reason) {
          if (link.isOpen || this.#closed || toServeError(reason).code !== "ENGINE") throw reason;
        }
      }
    } finally {
      this.#waiting--;
      if (this.#waiting === 0) this.#link?.setKeepsAlive(false);
    }
  }

  /** Deletes an application; resolves when it is gone, also when it was another head that finished it. */
  async deleteApplication(name: string): Promise<void> {
    const losses = this.#losses;
    try {
      await this.request("delete", { name });
    } catch (reason) {
      if (this.#losses === losses || toServeError(reason).code !== "APPLICATION_NOT_FOUND") throw reason;
    }
  }

  /** Ends the instance; resolves when its head is gone or has given up the link. No other head is looked for (R3). */
  async shutdown(): Promise<void> {
    const link = await this.#current(RECONNECT_LIMIT_MS);
    this.#closed = true;
    link.setKeepsAlive(true);
    try {
      await link.request<HeadMethods, "shutdown">("shutdown", null);
      await link.closed;
    } catch (reason) {
      if (link.isOpen) throw reason; // a link that broke says the same as an answer
    }
  }

  /** Whether a head is connected, or one is found within `limitMs`. */
  async isAlive(limitMs: number): Promise<boolean> {
    if (this.isOpen) return true;
    return this.#current(limitMs).then(
      () => true,
      () => false,
    );
  }

  /** Ends the link; requests that wait fail. */
  close(reason: string): void {
    this.#closed = true;
    this.#next.reject(new ServeError("ENGINE", `${this.#door.name}: ${reason}`));
    this.#link?.close(reason);
  }

  #adopt(connection: Connection): void {
    const link = new ControlLink(connection, this.#clock);
    this.#link = link;
    link.setKeepsAlive(this.#waiting > 0);
    this.#onLink(link);
    this.#next.resolve(link);
    this.#next = Promise.withResolvers();
    this.#next.promise.catch(() => undefined);
    void link.closed.then(() => this.#lost());
  }

  async #lost(): Promise<void> {
    this.#losses++;
    this.#link = undefined;
    for (let attempt = 0; !this.#closed; attempt++) {
      try {
        const connection = await this.#door.dial();
        if (this.#closed) connection.close("CLOSED", "not needed any more");
        else this.#adopt(connection);
        return;
      } catch {
        await this.#pause(backoffMs(attempt, REDIAL_FIRST_MS, REDIAL_MAX_MS));
      }
    }
  }

  #current(limitMs: number): Promise<ControlLink> {
    const link = this.#link;
    if (link?.isOpen === true) return Promise.resolve(link);
    if (this.#closed) return Promise.reject(new ServeError("ENGINE", `${this.#door.name} has ended`));
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(limitMs, () => {
        reject(new ServeError("ENGINE", `${this.#door.name} went away, and none came within ${limitMs / 1000} s`));
      });
      this.#next.promise.then(resolve, reject).finally(cancel);
    });
  }

  /** In the background: whoever waits for a request holds the process by the timer of `#current` (R2). */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve, true));
  }
}
