// Remembers how long the newest turns of the controller's loop took, for `controller_health_metrics` (reference 1.4).
import type { Clock } from "../core/clock.ts";

/** How many turns are remembered. Chosen: some minutes of a quiet instance, some seconds of a busy one. */
const KEPT = 100;

/** Where the time of one turn went, and of the pause before it; milliseconds. */
export interface LoopTurn {
  readonly totalMs: number;
  readonly sleptMs: number;
  readonly deploymentsMs: number;
  readonly proxiesMs: number;
  readonly statusesMs: number;
}

/** How the controller's loop goes. Times are Unix milliseconds. */
export interface ControllerHealth {
  readonly nowMs: number;
  readonly startMs: number;
  /** Turns so far. */
  readonly loops: number;
  /** When the last one ended; `startMs` before the first. */
  readonly lastLoopMs: number;
  /** The newest turns, oldest first. */
  readonly turns: readonly LoopTurn[];
}

export class LoopMonitor {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #turns: LoopTurn[] = [];
  #loops = 0;
  #lastLoopMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#lastLoopMs = this.#startMs;
  }

  /** A turn has ended. */
  add(turn: LoopTurn): void {
    this.#loops += 1;
    this.#lastLoopMs = this.#clock.now();
    this.#turns.push(turn);
    if (this.#turns.length > KEPT) this.#turns.shift();
  }

  read(): ControllerHealth {
    const turns = [...this.#turns];
    return {
      nowMs: this.#clock.now(),
      startMs: this.#startMs,
      loops: this.#loops,
      lastLoopMs: this.#lastLoopMs,
      turns,
    };
  }
}
