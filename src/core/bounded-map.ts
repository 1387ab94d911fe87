// A map for what names from outside grow: it keeps so many entries and drops the one that was set longest ago.

export class BoundedMap<K, V> {
  readonly #limit: number;
  /** What was set last stands last. */
  readonly #entries = new Map<K, V>();

  /** @param limit most entries, at least 1 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest as K);
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }
}
