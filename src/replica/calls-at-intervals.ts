// Calls a method of the user's at intervals, for what it returns.
//   R1  A call that throws or takes longer than its limit is told to `failed` and to nobody else.
//   R2  A call that has not ended is not made a second time.
//   R3  The same error in a row is one for the log.
import type { Cancel, Clock } from "../core/clock.ts";
import { describeThrown, ServeError } from "../core/errors.ts";

/** A method that is asked at intervals. */
export interface AskedMethod {
  readonly name: string;
  /** Undefined: the user's class has no such method. */
  call(): Promise<unknown> | undefined;
  /** Takes what it returned. What this throws counts as a failure. @param tookMs how long it took */
  returned(value: unknown, tookMs: number): void;
  failed(reason: unknown): void;
  /** Logs an error that the call before did not have (R3). */
  tell(error: string): void;
}

export class CallsAtIntervals {
  readonly #method: AskedMethod;
  readonly #clock: Clock;
  #stop: Cancel = () => undefined;
  #busy = false;
  #lastError = "";

  constructor(method: AskedMethod, clock: Clock) {
    this.#method = method;
    this.#clock = clock;
  }

  /** Asks at once and then at each period; both in milliseconds. */
  follow(periodMs: number, limitMs: number): void {
    this.#stop();
    const ask = (): void => void this.#ask(limitMs);
    this.#stop = this.#clock.every(periodMs, ask);
    ask();
  }

  close(): void {
    this.#stop();
  }

  async #ask(limitMs: number): Promise<void> {
    if (this.#busy) return; // R2
    const startMs = this.#clock.monotonic();
    this.#busy = true;
    try {
      const called = this.#method.call();
      if (called === undefined) return this.#stop();
      const value = await this.#limited(called, limitMs);
      this.#method.returned(value, this.#clock.monotonic() - startMs);
      this.#lastError = "";
    } catch (reason) {
      this.#method.failed(reason);
      this.#tell(describeThrown(reason));
    } finally {
      this.#busy = false;
    }
  }

  /** R3 */
  #tell(error: string): void {
    if (error === this.#lastError) return;
    this.#lastError = error;
    this.#method.tell(error);
  }

  #limited(called: Promise<unknown>, limitMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const late = `${this.#method.name} has not ended after ${limitMs / 1000} s`;
    const cancel = this.#clock.after(limitMs, () => reject(new ServeError("REQUEST_TIMEOUT", late)), true);
    called.then(resolve, reject);
    return promise.finally(cancel);
  }
}
