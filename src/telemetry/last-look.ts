// Which series to drop when what they were about has ended: they are shown once more, so that the last counts are seen.

/** Remembers what was there when metrics were last read. */
export class LastLook {
  #known: ReadonlySet<string> = new Set();

  /** @param present what is there now. @returns whether something was there neither now nor at the look before */
  ended(present: ReadonlySet<string>): (key: string) => boolean {
    const known = this.#known;
    this.#known = present;
    return (key) => !present.has(key) && !known.has(key);
  }
}
