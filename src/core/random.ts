// Randomness as a value that is passed in, so that a simulation can be repeated from its seed.

/** A source of random numbers. Not for secrets: tokens and nonces come from `node:crypto` where they are made. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** The process's generator. Composition roots only. */
export const systemRandom: Random = { next: () => Math.random() };

/** A repeatable generator: equal seeds give equal sequences (mulberry32, public domain). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

/** An integer in [0, bound). */
export function randomInt(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}

const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A lower-case alphanumeric id, 8 characters by default (the length of Ray Serve's replica ids). */
export function randomId(random: Random, length = 8): string {
  let id = "";
  for (let i = 0; i < length; i++) id += ID_ALPHABET[randomInt(random, ID_ALPHABET.length)];
  return id;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** A UUID of version 4 from a non-cryptographic generator, as Ray Serve's request ids are (reference 4.6). */
export function randomUuid(random: Random): string {
  const a = (random.next() * 4_294_967_296) >>> 0;
  const b = (random.next() * 4_294_967_296) >>> 0;
  const c = (random.next() * 4_294_967_296) >>> 0;
  const d = (random.next() * 4_294_967_296) >>> 0;
  const h = (n: number, shift: number): string => HEX[(n >>> shift) & 255] as string;
  const version = HEX[((b >>> 8) & 15) | 64] as string;
  const variant = HEX[((c >>> 24) & 63) | 128] as string;
  return (
    h(a, 24) +
    h(a, 16) +
    h(a, 8) +
    h(a, 0) +
    "-" +
    h(b, 24) +
    h(b, 16) +
    "-" +
    version +
    h(b, 0) +
    "-" +
    variant +
    h(c, 16) +
    "-" +
    h(c, 8) +
    h(c, 0) +
    h(d, 24) +
    h(d, 16) +
    h(d, 8) +
    h(d, 0)
  );
}
