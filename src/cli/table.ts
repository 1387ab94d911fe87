// Tables for a terminal. Pure.

/** Lines of a table: columns as wide as their widest cell, two spaces apart, nothing after the last cell. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** A length of time as a person reads it: `850 ms`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const steps = [
    { size: 60, unit: "s" },
    { size: 60, unit: "min" },
    { size: 24, unit: "h" },
  ];
  let amount = ms / 1000;
  for (const { size, unit } of steps) {
    if (amount < size) return `${Math.floor(amount)} ${unit}`;
    amount /= size;
  }
  return `${Math.floor(amount)} d`;
}
