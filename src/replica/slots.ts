// Who may run now: the replica's limit and what it owes to callers it refused. Pure: a value that is told what happens
// and answers what to do; the caller of it sends frames and keeps the 50 ms timers.
//   Q1  All callers together never run more than `limit` calls.
//   R1  A refused caller is owed one FREE, however many of its calls were refused; owed callers are served in turn.
//   R2  A slot told by FREE is held for that caller until its next call, until `holdExpired`, or until it leaves.

/** Slots of one replica. `C` identifies a caller. */
export class SlotTable<C> {
  #limit: number;
  #ongoing = 0;
  readonly #owed = new Set<C>();
  readonly #held = new Set<C>();

  /** @param limit `maxOngoingRequests` */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get ongoing(): number {
    return this.#ongoing;
  }

  /** Slots held for callers that were told FREE (R2). */
  get held(): number {
    return this.#held.size;
  }

  /** A call came: true runs it; false refuses it and owes its caller a FREE. */
  offer(caller: C): boolean {
    if (this.#held.delete(caller) || this.#hasRoom()) {
      this.#ongoing++;
      return true;
    }
    this.#owed.add(caller);
    return false;
  }

  /** A call ended. @returns the callers to send FREE to, each with a slot held */
  ended(): readonly C[] {
    this.#ongoing--;
    return this.#grant();
  }

  /** The caller did not come for its slot in time. */
  holdExpired(caller: C): readonly C[] {
    return this.#held.delete(caller) ? this.#grant() : NOBODY;
  }

  /** The caller's connection ended. */
  left(caller: C): readonly C[] {
    this.#owed.delete(caller);
    return this.#held.delete(caller) ? this.#grant() : NOBODY;
  }

  /** `maxOngoingRequests` changed; running calls finish even above it. */
  setLimit(limit: number): readonly C[] {
    this.#limit = limit;
    return this.#grant();
  }

  #hasRoom(): boolean {
    return this.#ongoing + this.#held.size < this.#limit;
  }

  #grant(): readonly C[] {
    if (this.#owed.size === 0 || !this.#hasRoom()) return NOBODY;
    const granted: C[] = [];
    for (const caller of this.#owed) {
      if (!this.#hasRoom()) break;
      this.#owed.delete(caller);
      this.#held.add(caller);
      granted.push(caller);
    }
    return granted;
  }
}

const NOBODY: readonly never[] = [];
