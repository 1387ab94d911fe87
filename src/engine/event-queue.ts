// An engine's events on their way to the one consumer: kept until somebody asks, handed out in order, never dropped.
import type { EngineEvent } from "./engine.ts";

/** An unbounded queue with one consumer. For those who write an engine. */
export class EventQueue {
  readonly #events: EngineEvent[] = [];
  #wake: (() => void) | undefined;

  push(event: EngineEvent): void {
    this.#events.push(event);
    this.#wake?.();
  }

  /** Yields until `signal` aborts. Events that nobody took by then wait for the next consumer. */
  async *consume(signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const event = this.#events.shift();
        if (event !== undefined) yield event;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#wake = undefined;
    }
  }
}
