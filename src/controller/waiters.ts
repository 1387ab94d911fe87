// Promises that wait for the controller's state: "when these applications are deployed", "when that one is gone".
// Looked at after each tick. It decides nothing.

/** What a look at the state says: not yet, done, or an error. */
export type Verdict = "wait" | "done" | Error;

interface Waiter {
  readonly look: () => Verdict;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /** Resolves or rejects as soon as `look` says so; the first look is at once. */
  wait(look: () => Verdict): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { look, resolve, reject };
      this.#waiting.add(waiter);
      this.#lookAt(waiter);
    });
  }

  /** Looks for everyone who waits. */
  lookAll(): void {
    for (const waiter of this.#waiting) this.#lookAt(waiter);
  }

  #lookAt(waiter: Waiter): void {
    const verdict = waiter.look();
    if (verdict === "wait") return;
    this.#waiting.delete(waiter);
    if (verdict === "done") waiter.resolve();
    else waiter.reject(verdict);
  }
}
