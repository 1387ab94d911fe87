// What may stand in a query of `/api/manta/v1/`: a wrong name is an error, because a filter that is not understood would
// answer with everything. Pure.
import { nearestKey } from "../../config/nearest-key.ts";
import { ConfigError } from "../../core/errors.ts";

/** @throws {ConfigError} a key that is not among `known`, or one that is given twice */
export function checkQuery(query: URLSearchParams, known: readonly string[]): void {
  for (const key of new Set(query.keys())) {
    const expected = `one of ${known.join(", ")}`;
    if (!known.includes(key)) {
      const nearest = nearestKey(key, known);
      const details = { path: `query.${key}`, received: JSON.stringify(key), expected };
      throw new ConfigError(nearest === undefined ? details : { ...details, nearest });
    }
    const times = query.getAll(key).length;
    if (times > 1) throw new ConfigError({ path: `query.${key}`, received: `${times} values`, expected: "one" });
  }
}

/**
 * A count in a query.
 * @throws {ConfigError} anything but a whole number from 1 to `most`
 */
export function countIn(query: URLSearchParams, key: string, fallback: number, most: number): number {
  const given = query.get(key);
  if (given === null) return fallback;
  const count = /^\d+$/.test(given) ? Number(given) : 0;
  if (count >= 1 && count <= most) return count;
  throw new ConfigError({
    path: `query.${key}`,
    received: JSON.stringify(given),
    expected: `a whole number from 1 to ${most}`,
  });
}
