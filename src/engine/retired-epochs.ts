// Which processes have ended, by id and epoch, so that none of them is taken for one that lives.

/** Ids that are kept, the newest ones. Chosen: whoever is older and comes back is unknown, and is refused as such. */
const KEPT = 10_000;

export class RetiredEpochs {
  /** Newest epoch that ended, by id; what ended last stands last. */
  readonly #newest = new Map<string, number>();

  add(id: string, epoch: number): void {
    const newest = Math.max(epoch, this.newest(id));
    this.#newest.delete(id);
    this.#newest.set(id, newest);
    const [oldest] = this.#newest.keys();
    if (this.#newest.size > KEPT && oldest !== undefined) this.#newest.delete(oldest);
  }

  /** The newest epoch of an id that ended; -1: none did. */
  newest(id: string): number {
    return this.#newest.get(id) ?? -1;
  }
}
