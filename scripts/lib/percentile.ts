// Percentiles of figures, for benchmarks and simulations. Pure.

/** The value that a share of all is at most, by nearest rank; NaN of nothing. @param share 0 to 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
