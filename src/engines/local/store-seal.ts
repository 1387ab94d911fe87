// The seal of a store: a number that grows with every write, and a hash over that number and all documents. SQLite
// checks the shape of its pages but takes any bytes inside them for what was written; the seal does not.
import { createHash } from "node:crypto";

/** SHA-256 of a document. */
export function documentHash(value: Uint8Array): Uint8Array {
  return createHash("sha256").update(value).digest();
}

/**
 * The hash that a store with these documents has.
 * @param hashes of each document, by its key; their order means nothing
 */
export function sealDigest(generation: number, hashes: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const hash = createHash("sha256").update(`${generation}\n`);
  for (const key of [...hashes.keys()].sort()) {
    hash.update(`${Buffer.byteLength(key)} ${key}\n`).update(hashes.get(key) ?? "");
  }
  return hash.digest();
}
