// The calls of one caller that wait for a slot: first in, first out, and a rejected call returns to its place by arrival.
// Pure: no clock, no timers. Whoever leaves early is taken out at once, so `length` is exact (Q2).

/** What waits: `arrival` grows with each call of the caller. */
export interface Waiter {
  readonly arrival: number;
}

/** Gaps that are not worth a copy of the queue. */
const SPARE = 1024;

/** A queue ordered by arrival. Adding at the end and taking from the front are O(1) amortised. */
export class CallQueue<W extends Waiter> {
  #items: (W | undefined)[] = [];
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Puts `item` where its arrival belongs: at the end for a new one, near the front for one that was rejected. */
  add(item: W): void {
    this.#length++;
    const items = this.#items;
    const last = items[items.length - 1];
    if (last === undefined || last.arrival < item.arrival) {
      items.push(item);
      return;
    }
    let at = this.#head;
    for (; at < items.length; at++) {
      const other = items[at];
      if (other !== undefined && other.arrival > item.arrival) break;
    }
    if (at === this.#head && at > 0) items[--this.#head] = item;
    else items.splice(at, 0, item);
  }

  /** Takes the longest waiting one. */
  take(): W | undefined {
    return this.#takeAt(this.#head);
  }

  /** Takes the newest one. */
  takeLast(): W | undefined {
    return this.#takeAt(this.#items.length - 1);
  }

  /** Takes the longest waiting one that `suits`. */
  takeFirst(suits: (item: W) => boolean): W | undefined {
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at];
      if (item !== undefined && suits(item)) return this.#takeAt(at);
    }
    return undefined;
  }

  /** Those that wait, in order. */
  *[Symbol.iterator](): Generator<W> {
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at];
      if (item !== undefined) yield item;
    }
  }

  /** Takes out one that left. False when it did not wait here. */
  remove(item: W): boolean {
    return this.#takeAt(this.#items.indexOf(item, this.#head)) !== undefined;
  }

  /** Leaves a gap: thousands may go at once, and the others must not move for each of them. */
  #takeAt(at: number): W | undefined {
    const item = this.#items[at];
    if (item === undefined) return undefined;
    this.#items[at] = undefined;
    this.#length--;
    this.#trim();
    return item;
  }

  /** Keeps both ends free of gaps, and those in between fewer than what waits. */
  #trim(): void {
    const items = this.#items;
    while (items.length > this.#head && items[items.length - 1] === undefined) items.pop();
    while (this.#head < items.length && items[this.#head] === undefined) this.#head++;
    if (items.length <= 2 * this.#length + SPARE) return;
    this.#items = items.filter((item) => item !== undefined);
    this.#head = 0;
  }
}
