// A consistent-hash ring: which replicas a key belongs to, so that it goes to the same ones whoever asks. Pure.
//   R1  A replica that leaves moves only its own share of the keys; one that comes takes a share of each other's (P4).
//   R2  Every process builds the same ring from the same ids: the hash is fixed.

/** Points on the ring of one replica (P4, as Ray Serve's `num_virtual_nodes`). */
const POINTS = 100;

/** The ring of one set of replicas. */
export class HashRing {
  /** Ascending. */
  readonly #hashes: Uint32Array;
  readonly #owners: readonly string[];

  /** @param ids of the replicas, in any order @param points of each on the ring */
  constructor(ids: readonly string[], points = POINTS) {
    const all = ids.flatMap((id) => Array.from({ length: points }, (_, i) => ({ id, hash: hashText(`${id}#${i}`) })));
    all.sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1));
    this.#hashes = Uint32Array.from(all, ({ hash }) => hash);
    this.#owners = all.map(({ id }) => id);
  }

  /** Ids of the first `count` different replicas clockwise from the key; fewer where there are fewer. */
  owners(key: string, count: number): readonly string[] {
    const found = new Set<string>();
    const { length } = this.#owners;
    const start = this.#firstAtOrAfter(hashText(key));
    for (let step = 0; step < length && found.size < count; step++) {
      found.add(this.#owners[(start + step) % length] as string);
    }
    return [...found];
  }

  #firstAtOrAfter(hash: number): number {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#hashes[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** FNV-1a over UTF-16 code units with a finalizer that spreads close texts (murmur3's, public domain); 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
