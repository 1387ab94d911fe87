// Open calls of a connection by call id. A `Map` would do but for its garbage: under churn it leaves a chain of tables
// behind in which each dead one holds the next, so that every call that ever was lives until a full collection
// (measured: half of the proxy's collections). Here a call that is over is referred to by nothing.
//   R1  Open addressing with linear probing; at most half of the places are taken. Ids are unsigned 32-bit integers.
//   R2  Deleting closes the gap, so that no marker stays behind and a search ends at the first empty place.

const FIRST_PLACES = 128;

export class CallTable<C> {
  #ids = new Uint32Array(FIRST_PLACES);
  #calls = new Array<C | undefined>(FIRST_PLACES).fill(undefined);
  #mask = FIRST_PLACES - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): C | undefined {
    return this.#calls[this.#find(id)];
  }

  /** Adds a call under an id that is not taken, or replaces the one that is there. */
  set(id: number, call: C): void {
    let place = this.#find(id);
    if (this.#calls[place] === undefined) {
      if (++this.#size * 2 > this.#mask) {
        this.#grow();
        place = this.#find(id);
      }
      this.#ids[place] = id;
    }
    this.#calls[place] = call;
  }

  delete(id: number): void {
    let gap = this.#find(id);
    if (this.#calls[gap] === undefined) return;
    this.#size--;
    this.#calls[gap] = undefined;
    for (let place = (gap + 1) & this.#mask; this.#calls[place] !== undefined; place = (place + 1) & this.#mask) {
      const wanted = homeOf(this.#ids[place] as number, this.#mask);
      // It may move into the gap unless its own home lies between the gap and where it is.
      if (((place - wanted) & this.#mask) < ((place - gap) & this.#mask)) continue;
      this.#ids[gap] = this.#ids[place] as number;
      this.#calls[gap] = this.#calls[place];
      this.#calls[place] = undefined;
      gap = place;
    }
  }

  /** The open calls, as they are now. */
  values(): C[] {
    return this.#calls.filter((call): call is C => call !== undefined);
  }

  clear(): void {
    this.#calls.fill(undefined);
    this.#size = 0;
  }

  /** Where the id is, or the empty place where it would go. */
  #find(id: number): number {
    let place = homeOf(id, this.#mask);
    while (this.#calls[place] !== undefined && this.#ids[place] !== id) place = (place + 1) & this.#mask;
    return place;
  }

  #grow(): void {
    const [ids, calls] = [this.#ids, this.#calls];
    this.#mask = this.#mask * 2 + 1;
    this.#ids = new Uint32Array(this.#mask + 1);
    this.#calls = new Array<C | undefined>(this.#mask + 1).fill(undefined);
    for (const [from, call] of calls.entries()) {
      if (call === undefined) continue;
      const place = this.#find(ids[from] as number);
      this.#ids[place] = ids[from] as number;
      this.#calls[place] = call;
    }
  }
}

/** Ids count up, so their lowest bits spread them; the others come in for peers that count in steps. */
function homeOf(id: number, mask: number): number {
  return (id ^ (id >>> 16)) & mask;
}
