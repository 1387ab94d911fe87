// Keeps one head alive: starts it, starts it again when it dies, ends when it ended for good. Used by the supervisor
// program (detached instances) and by a driver that started an attached one. It never looks at what the head does.
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { type DeathRecord, decideRestart } from "./decide-restart.ts";

/** A head as a process. */
export interface SupervisedProcess {
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null; readonly message: string }>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

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
    this.ended = this.#keep();
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
