// When to deploy again: what was saved becomes one deploy after the other, never two at a time.
//   R1  What is saved while a deploy runs is deployed after it, all at once.
//   R2  A save ends the wait for a deploy that was accepted: the next one replaces it.
import { toServeError } from "../core/errors.ts";
import type { Clock } from "../core/clock.ts";

/** Deploys what is on disk. Rejects with why it failed; returns early, when the signal aborts, once it was accepted. */
export type Redeploy = (signal: AbortSignal) => Promise<void>;

/** What came of one reload. */
export interface Reload {
  readonly files: readonly string[];
  /** Since the first of them was saved. */
  readonly elapsedMs: number;
  /** Undefined: the new version serves. */
  readonly failure: string | undefined;
}

export class Reloader {
  readonly #redeploy: Redeploy;
  readonly #report: (reload: Reload) => void;
  readonly #clock: Clock;
  readonly #waiting = new Set<string>();
  /** When the first of what waits was saved. */
  #sinceMs: number | undefined;
  #running: AbortController | undefined;
  #closed = false;

  constructor(redeploy: Redeploy, report: (reload: Reload) => void, clock: Clock) {
    this.#redeploy = redeploy;
    this.#report = report;
    this.#clock = clock;
  }

  /** These files were saved. @param sinceMs when that was noticed, monotonic */
  saved(files: readonly string[], sinceMs: number): void {
    this.#sinceMs ??= sinceMs;
    for (const file of files) this.#waiting.add(file);
    if (this.#running === undefined) void this.#run();
    else this.#running.abort(); // R2
  }

  /** Reports nothing any more and starts nothing. */
  close(): void {
    this.#closed = true;
    this.#running?.abort();
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#closed) {
      const files = [...this.#waiting];
      this.#waiting.clear();
      this.#running = new AbortController();
      const { signal } = this.#running;
      const startMs = this.#sinceMs ?? this.#clock.monotonic();
      this.#sinceMs = undefined;
      const failure = await this.#redeploy(signal).then(
        () => undefined,
        (error: unknown) => toServeError(error).message,
      );
      const isReplaced = signal.aborted && failure === undefined;
      if (!isReplaced && !this.#closed) this.#report({ files, elapsedMs: this.#clock.monotonic() - startMs, failure });
    }
    this.#running = undefined;
  }
}
