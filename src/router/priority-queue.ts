// The calls of one caller that wait, by priority: higher ones first, first in, first out within one (Q6, P1).
// Pure: no clock, no timers.
//   R1  A rejected call returns to its place among those of its priority.
//   R2  Where the queue is full a call of a higher priority takes the place of the newest one of the lowest (Q6).
import { PRIORITIES, type Priority } from "../config/priorities.ts";
import { CallQueue, type Waiter } from "./call-queue.ts";

/** A call that waits. */
export interface PriorityWaiter extends Waiter {
  readonly priority: Priority;
}

export class PriorityQueue<W extends PriorityWaiter> {
  readonly #queues: Readonly<Record<Priority, CallQueue<W>>> = {
    high: new CallQueue(),
    normal: new CallQueue(),
    low: new CallQueue(),
  };
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(item: W): void {
    this.#queues[item.priority].add(item);
    this.#length++;
  }

  /** Takes the longest waiting one of the highest priority. */
  take(): W | undefined {
    if (this.#length === 0) return undefined;
    const { high, normal, low } = this.#queues;
    const item = high.take() ?? normal.take() ?? low.take();
    if (item !== undefined) this.#length--;
    return item;
  }

  /** Takes the first in this order that `suits`. */
  takeFirst(suits: (item: W) => boolean): W | undefined {
    const { high, normal, low } = this.#queues;
    const item = high.takeFirst(suits) ?? normal.takeFirst(suits) ?? low.takeFirst(suits);
    if (item !== undefined) this.#length--;
    return item;
  }

  /** Those that wait, in the order in which they are taken. */
  *[Symbol.iterator](): Generator<W> {
    for (const priority of PRIORITIES) yield* this.#queues[priority];
  }

  /** Takes out one that left. False when it did not wait here. */
  remove(item: W): boolean {
    const removed = this.#queues[item.priority].remove(item);
    if (removed) this.#length--;
    return removed;
  }

  /** Takes out whoever must give way to a call of `priority`; undefined: nobody is lower (R2). */
  displace(priority: Priority): W | undefined {
    const { normal, low } = this.#queues;
    const item =
      priority === "low" ? undefined : (low.takeLast() ?? (priority === "high" ? normal.takeLast() : undefined));
    if (item !== undefined) this.#length--;
    return item;
  }
}
