// One caller's share of a streamed batch: what the batch's generator yields for it, until it reads it.
//   R1  Holds at most `BUFFERED` items: the generator waits for the slowest caller that still reads (Q7).
//   R2  A caller that leaves takes nothing any more, and nobody waits for it.

/** Items held for a caller that reads more slowly than the generator yields. Chosen: hides one turn's jitter. */
const BUFFERED = 16;

type End = "done" | { readonly error: unknown };

export class BatchStream implements AsyncIterableIterator<unknown> {
  readonly #items: unknown[] = [];
  readonly #onLeft: () => void;
  #end: End | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /** @param onLeft the caller will read no more */
  constructor(onLeft: () => void) {
    this.#onLeft = onLeft;
  }

  /** True until its end was told, by either side. */
  get open(): boolean {
    return this.#end === undefined;
  }

  push(item: unknown): void {
    if (!this.open) return;
    this.#items.push(item);
    this.#wakeReader?.();
  }

  /** Nothing follows. */
  finish(): void {
    this.#close("done");
  }

  /** The caller gets what it was sent, then this error. */
  fail(error: unknown): void {
    this.#close({ error });
  }

  /** Resolves when it takes another item, or is closed (R1). */
  async room(): Promise<void> {
    while (this.open && this.#items.length >= BUFFERED) {
      await new Promise<void>((resolve) => (this.#wakeWriter = resolve));
    }
  }

  async next(): Promise<IteratorResult<unknown>> {
    while (this.#items.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    if (this.#items.length > 0) {
      const value = this.#items.shift();
      this.#wakeWriter?.();
      return { done: false, value };
    }
    const end = this.#end;
    this.#end = "done";
    if (typeof end === "object") throw end.error;
    return { done: true, value: undefined };
  }

  /** R2 */
  async return(): Promise<IteratorResult<unknown>> {
    const left = this.open;
    this.#items.length = 0;
    this.#end = "done";
    this.#wakeWriter?.();
    if (left) this.#onLeft();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #close(end: End): void {
    if (!this.open) return;
    this.#end = end;
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }
}
