// The change feed: versioned values by key, pushed to whoever subscribed, with acknowledgements (architecture 5).
// It keeps no history: a subscriber gets the newest value of a key, never the steps in between.
//   R1  A version grows only when a value changed. Versions also grow across restarts of the head: they start at the
//       time of its start in Unix milliseconds, so that a subscriber can tell old from new by number alone.
//   R2  A subscriber that left owes nothing.
//   R3  A subscriber that stays silent is waited for `SILENT_MS`, then skipped with a warning.
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { sameData } from "../config/update-cost.ts";
import type { FeedChange } from "../protocol/control.ts";

/** How long an acknowledgement is waited for. Chosen: far above a busy loop's pause, short for a person who waits. */
const SILENT_MS = 10_000;

/** Told what goes through the feed, for metrics. */
export interface FeedMeter {
  /** A value was sent to one subscriber. */
  sent(key: string): void;
  /** One subscriber has put the newest value into effect, so long after it was sent. */
  acknowledged(key: string, ms: number): void;
}

interface Subscriber {
  readonly id: string;
  readonly send: (changes: readonly FeedChange[]) => void;
  /** Keys it asked for; they need not exist yet. */
  readonly keys: Set<string>;
  /** Newest acknowledged version by key. */
  readonly acknowledged: Map<string, number>;
  /** When the newest value of a key was sent, monotonic milliseconds; until it is acknowledged. */
  readonly sentMs: Map<string, number>;
}

interface Entry {
  readonly version: number;
  readonly value: FeedChange["value"];
}

interface Waiter {
  /** What has to be acknowledged: key and least version, by subscriber. */
  readonly owed: Map<Subscriber, Map<string, number>>;
  readonly done: () => void;
}

export class ChangeFeed {
  readonly #entries = new Map<string, Entry>();
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #waiters = new Set<Waiter>();
  readonly #listeners = new Set<() => void>();
  readonly #logger: Logger;
  readonly #clock: Clock;
  #meter: FeedMeter | undefined;
  #version: number;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
    this.#version = clock.now();
  }

  /** Tells `meter` from now on. */
  measure(meter: FeedMeter): void {
    this.#meter = meter;
  }

  /** The keys of each subscriber. */
  subscriptions(): readonly ReadonlySet<string>[] {
    return Array.from(this.#subscribers.values(), ({ keys }) => keys);
  }

  /** Publishes the value of a key, if it differs from the published one (R1). */
  set(key: string, value: FeedChange["value"]): void {
    const before = this.#entries.get(key);
    if (before !== undefined && sameData(before.value, value)) return;
    const entry = { version: ++this.#version, value };
    this.#entries.set(key, entry);
    let told = false;
    for (const subscriber of this.#subscribers.values()) {
      if (!subscriber.keys.has(key)) continue;
      this.#send(subscriber, [{ key, ...entry }]);
      told = true;
    }
    // Nobody will acknowledge what nobody asked for: it is in effect at once.
    if (!told) this.#settle();
  }

  /** Takes a key back: subscribers keep the value they were sent, later ones get none. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** The published value of a key. */
  get(key: string): FeedChange["value"] | undefined {
    return this.#entries.get(key)?.value;
  }

  keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** A link opened. A second one under the same id takes the place of the first, and subscribes anew. */
  connect(subscriberId: string, send: Subscriber["send"]): void {
    this.disconnect(subscriberId);
    const empty = {
      keys: new Set<string>(),
      acknowledged: new Map<string, number>(),
      sentMs: new Map<string, number>(),
    };
    this.#subscribers.set(subscriberId, { id: subscriberId, send, ...empty });
  }

  /** A link closed. Does nothing for an id that is not connected. */
  disconnect(subscriberId: string): void {
    const subscriber = this.#subscribers.get(subscriberId);
    if (subscriber === undefined) return;
    this.#subscribers.delete(subscriberId);
    for (const waiter of this.#waiters) waiter.owed.delete(subscriber); // R2
    this.#settle();
  }

  /** True while a link of that id is open. */
  isConnected(subscriberId: string): boolean {
    return this.#subscribers.has(subscriberId);
  }

  /** Adds keys to a connected subscriber and sends it their present values in one message. */
  subscribe(subscriberId: string, keys: readonly string[]): void {
    const subscriber = this.#subscribers.get(subscriberId);
    if (subscriber === undefined) return;
    const fresh = keys.filter((key) => !subscriber.keys.has(key));
    for (const key of fresh) subscriber.keys.add(key);
    const changes = fresh.flatMap((key) => {
      const entry = this.#entries.get(key);
      return entry === undefined ? [] : [{ key, ...entry }];
    });
    if (changes.length > 0) this.#send(subscriber, changes);
  }

  /** Takes keys from a subscriber, which owes nothing for them any more. */
  unsubscribe(subscriberId: string, keys: readonly string[]): void {
    const subscriber = this.#subscribers.get(subscriberId);
    if (subscriber === undefined) return;
    for (const key of keys) {
      subscriber.keys.delete(key);
      subscriber.acknowledged.delete(key);
      subscriber.sentMs.delete(key);
      for (const { owed } of this.#waiters) owed.get(subscriber)?.delete(key);
    }
    this.#settle();
  }

  /** The subscriber has put these versions into effect. */
  acknowledge(subscriberId: string, versions: Readonly<Record<string, number>>): void {
    const subscriber = this.#subscribers.get(subscriberId);
    if (subscriber === undefined) return;
    for (const [key, version] of Object.entries(versions)) {
      if (!subscriber.keys.has(key)) continue;
      if (version <= (subscriber.acknowledged.get(key) ?? 0)) continue;
      subscriber.acknowledged.set(key, version);
      const sentMs = subscriber.sentMs.get(key);
      if (sentMs === undefined || version !== this.#entries.get(key)?.version) continue;
      subscriber.sentMs.delete(key);
      this.#meter?.acknowledged(key, this.#clock.monotonic() - sentMs);
    }
    this.#settle();
  }

  /** True when everyone who subscribed to the key has acknowledged its newest version. */
  isAcknowledged(key: string): boolean {
    const version = this.#entries.get(key)?.version ?? 0;
    for (const subscriber of this.#subscribers.values()) {
      if (subscriber.keys.has(key) && (subscriber.acknowledged.get(key) ?? 0) < version) return false;
    }
    return true;
  }

  /** Resolves when those of `subscriberIds` that subscribed to `keys` have acknowledged today's versions (R2, R3). */
  whenAcknowledged(keys: readonly string[], subscriberIds: readonly string[]): Promise<void> {
    const owed: Waiter["owed"] = new Map();
    for (const id of subscriberIds) {
      const subscriber = this.#subscribers.get(id);
      if (subscriber === undefined) continue;
      const versions = keys.flatMap((key) => {
        const entry = this.#entries.get(key);
        return entry !== undefined && subscriber.keys.has(key) ? [[key, entry.version] as const] : [];
      });
      owed.set(subscriber, new Map(versions));
    }
    return new Promise((resolve) => {
      const waiter: Waiter = { owed, done: () => (cancel(), this.#waiters.delete(waiter), resolve()) };
      const cancel = this.#clock.after(SILENT_MS, () => {
        this.#logger.warn("feed.silent", {
          subscribers: [...owed.keys()].map(({ id }) => id),
          keys,
          waitedMs: SILENT_MS,
        });
        waiter.done(); // R3
      });
      this.#waiters.add(waiter);
      this.#settle();
    });
  }

  /** Calls `listener` after each acknowledgement and each departure. */
  onProgress(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #send(subscriber: Subscriber, changes: readonly FeedChange[]): void {
    const nowMs = this.#clock.monotonic();
    for (const { key } of changes) {
      subscriber.sentMs.set(key, nowMs);
      this.#meter?.sent(key);
    }
    subscriber.send(changes);
  }

  #settle(): void {
    for (const waiter of this.#waiters) {
      for (const [subscriber, versions] of waiter.owed) {
        for (const [key, version] of versions) {
          if ((subscriber.acknowledged.get(key) ?? 0) >= version) versions.delete(key);
        }
        if (versions.size === 0) waiter.owed.delete(subscriber);
      }
      if (waiter.owed.size === 0) waiter.done();
    }
    for (const listener of this.#listeners) listener();
  }
}
