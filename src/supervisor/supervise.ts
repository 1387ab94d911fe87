// Keeps one head alive: starts it, starts it again when it dies, ends when it ended for good. Used by the supervisor
// program (detached instances) and by a driver that started an attached one. It never looks at what the head does.
//   R1  A head that is stopped (state T) is as good as dead, and is killed: processes and callers would wait for it for
//       ever. One that goes on within `STOPPED_LOOK_MS` is spared.
import type { Cancel, Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { type DeathRecord, decideRestart } from "./decide-restart.ts";

/** A head as a process. */
export interface SupervisedProcess {
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null; readonly message: string }>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Whether it is stopped now. */
  isStopped(): boolean;
}

/** How often that is looked at; two looks in a row count. Chosen: with a head's start, half of what its children wait. */
export const STOPPED_LOOK_MS = process.platform === "linux" ? 1000 : 5000;

/** How supervision ended. */
export interface SupervisionEnd {
  /** True: the head ended as ordered. */
  readonly orderly: boolean;
  readonly reason: string;
}

export class Supervision<P extends SupervisedProcess> {
  /** Resolves once, when no further head will be started. */
  readonly ended: Promise<SupervisionEnd>;
  readonly #start: (restarts: number) => P;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #head: P;

  /** @param start starts a head; gets how many there were before */
  constructor(start: (restarts: number) => P, logger: Logger, clock: Clock) {
    this.#start = start;
    this.#logger = logger;
    this.#clock = clock;
    this.#head = start(0);
    const stopLooking = this.#watchStopped();
    this.ended = this.#keep().finally(stopLooking);
  }

  /** The head that runs, or the last one. */
  get head(): P {
    return this.#head;
  }

  /** Passes a signal on to the head and starts none after it. */
  stop(signal: "SIGTERM" | "SIGKILL"): void {
    this.#stopping.abort();
    this.#head.kill(signal);
  }

  /** Starts no head after this one, which ends by itself. */
  release(): void {
    this.#stopping.abort();
  }

  /** R1 */
  #watchStopped(): Cancel {
    let seen: P | undefined;
    const look = (): void => {
      const stopped = this.#head.isStopped() ? this.#head : undefined;
      if (stopped !== undefined && stopped === seen) {
        this.#logger.warn("head.stopped", { reason: "it is stopped (state T), and is killed" });
        stopped.kill("SIGKILL");
      }
      seen = stopped;
    };
    return this.#clock.every(STOPPED_LOOK_MS, look, true);
  }

  async #keep(): Promise<SupervisionEnd> {
    let record: DeathRecord = { deaths: 0, quickDeaths: 0 };
    for (;;) {
      const startedMs = this.#clock.monotonic();
      const exit = await this.#head.exited;
      const decision = decideRestart(exit, this.#clock.monotonic() - startedMs, record);
      if (decision.kind === "end") return decision;
      if (this.#stopping.signal.aborted) return { orderly: false, reason: decision.reason };
      this.#logger.warn("head.restart", { reason: decision.reason, delayMs: decision.delayMs });
      record = decision.record;
      await this.#clock.sleep(decision.delayMs, this.#stopping.signal).catch(() => undefined);
      if (this.#stopping.signal.aborted) return { orderly: false, reason: decision.reason };
      this.#head = this.#start(record.deaths);
    }
  }
}
