// One caller's share of a streamed batch: what the batch's generator yields for it, until it reads it.
//   R1  Holds at most `BUFFERED` items: the generator waits for the slowest caller that still reads (Q7).
//   R2  A caller that leaves takes nothing any more, and nobody waits for it.
//   R3  A caller may read ahead, as of any generator: its reads are answered in their order.

/** Items held for a caller that reads more slowly than the generator yields. Chosen: hides one turn's jitter. */
const BUFFERED = 16;

type End = "done" | { readonly error: unknown };

export class BatchStream implements AsyncIterableIterator<unknown> {
  readonly #items: unknown[] = [];
  readonly #onLeft: () => void;
  /** Reads that wait, in their order; while there are any there are no items (R3). */
  readonly #readers: PromiseWithResolvers<IteratorResult<unknown>>[] = [];
  #end: End | undefined;
  #wakeWriter: (() => void) | undefined;
  #onOver: (() => void) | undefined;
  #started = false;

  /** @param onLeft the caller will read no more */
  constructor(onLeft: () => void) {
    this.#onLeft = onLeft;
  }

  /** True until its end was told, by either side. */
  get open(): boolean {
    return this.#end === undefined;
  }

  /** True from the first read on. */
  get started(): boolean {
    return this.#started;
  }

  push(item: unknown): void {
    if (!this.open) return;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#items.push(item);
    else reader.resolve({ done: false, value: item });
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

  /** Calls `fn` once when its end is told, by either side. */
  onOver(fn: () => void): void {
    if (this.open) this.#onOver = fn;
    else fn();
  }

  next(): Promise<IteratorResult<unknown>> {
    this.#started = true;
    const reader = Promise.withResolvers<IteratorResult<unknown>>();
    if (this.#items.length > 0) {
      reader.resolve({ done: false, value: this.#items.shift() });
      this.#wakeWriter?.();
    } else if (this.#end === undefined) this.#readers.push(reader);
    else this.#tellEnd(reader);
    return reader.promise;
  }

  /** R2 */
  async return(): Promise<IteratorResult<unknown>> {
    const left = this.open;
    this.#items.length = 0;
    this.#close("done");
    this.#end = "done";
    if (left) this.#onLeft();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #close(end: End): void {
    if (!this.open) return;
    this.#end = end;
    for (const reader of this.#readers.splice(0)) this.#tellEnd(reader);
    this.#wakeWriter?.();
    this.#onOver?.();
  }

  /** An error is told once. */
  #tellEnd(reader: PromiseWithResolvers<IteratorResult<unknown>>): void {
    const end = this.#end;
    this.#end = "done";
    if (typeof end === "object") reader.reject(end.error);
    else reader.resolve({ done: true, value: undefined });
  }
}
