// The calls of one caller that wait for a slot: first in, first out, and a rejected call returns to its place by arrival.
// Pure: no clock, no timers. Whoever leaves early is taken out at once, so `length` is exact (Q2).

/** What waits: `arrival` grows with each call of the caller. */
export interface Waiter {
  readonly arrival: number;
}

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
    if (items.length === this.#head || (last !== undefined && last.arrival < item.arrival)) {
      items.push(item);
      return;
    }
    let at = this.#head;
    for (; at < items.length; at++) {
      const other = items[at];
      if (other !== undefined && other.arrival > item.arrival) break;
    }
    items.splice(at, 0, item);
  }

  /** Takes the longest waiting one. */
  take(): W | undefined {
    const items = this.#items;
    while (this.#head < items.length) {
      const item = items[this.#head];
      items[this.#head++] = undefined;
      if (item === undefined) continue;
      this.#length--;
      this.#compact();
      return item;
    }
    return undefined;
  }

  /** Takes the newest one. */
  takeLast(): W | undefined {
    const items = this.#items;
    while (items.length > this.#head) {
      const item = items.pop();
      if (item === undefined) continue;
      this.#length--;
      return item;
    }
    return undefined;
  }

  /** Takes the longest waiting one that `suits`. */
  takeFirst(suits: (item: W) => boolean): W | undefined {
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at];
      if (item === undefined || !suits(item)) continue;
      if (at === this.#head) return this.take();
      this.#items.splice(at, 1);
      this.#length--;
      return item;
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
    const at = this.#items.indexOf(item, this.#head);
    if (at < 0) return false;
    this.#length--;
    this.#items.splice(at, 1);
    return true;
  }

  #compact(): void {
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
