// Which processes have ended, by id and epoch, so that none of them is taken for one that lives.
import { BoundedMap } from "../core/bounded-map.ts";

/** Ids that are kept. Chosen: whoever is older and comes back is unknown, and is refused as such. */
const KEPT = 10_000;

export class RetiredEpochs {
  readonly #newest = new BoundedMap<string, number>(KEPT);

  add(id: string, epoch: number): void {
    this.#newest.set(id, Math.max(epoch, this.newest(id)));
  }

  /** The newest epoch of an id that ended; -1: none did. */
  newest(id: string): number {
    return this.#newest.get(id) ?? -1;
  }
}
