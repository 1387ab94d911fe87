/** Reads a list of `path: reason` lines; `#` begins a comment. A line without a reason is a problem, not an excuse. */
export function parseLargeFiles(text: string): { excused: ReadonlySet<string>; problems: string[] } {
  const excused = new Set<string>();
  const problems: string[] = [];
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^(\S+): (\S.*)$/.exec(line);
    if (match?.[1] === undefined) problems.push(`scripts/large-files.txt: "${line}" is not "path: reason"`);
    else excused.add(match[1]);
  }
  return { excused, problems };
}
