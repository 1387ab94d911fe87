// The newest lines of what was done to one deployment, and why. A ring in memory: the log keeps the rest.
import type { HistoryEntry } from "./commands.ts";

/** Lines kept for a deployment. Chosen: a long rollout of 50 replicas fits. */
const CAPACITY = 200;

export class History {
  readonly #entries: HistoryEntry[] = [];

  add(entry: HistoryEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > CAPACITY) this.#entries.shift();
  }

  /** Oldest first. */
  list(): readonly HistoryEntry[] {
    return [...this.#entries];
  }
}
