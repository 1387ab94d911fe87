// Which log files a word of `manta logs` means. Pure.
//   R1  A word matches a file when it is the whole name, or a part of it between `_`, `-` and `.`: a process, an
//       application, a deployment, a replica's id. Older files (`.1`, `.2`, ...) are left out.

/** The chosen names, sorted; all for no word. */
export function chooseLogFiles(names: readonly string[], word: string | undefined): string[] {
  const current = names.filter((name) => /\.(?:log|out)$/.test(name)).toSorted();
  if (word === undefined) return current;
  return current.filter((name) => name === word || includesPart(name, word));
}

function includesPart(name: string, word: string): boolean {
  for (let at = name.indexOf(word); at >= 0; at = name.indexOf(word, at + 1)) {
    if (isBorder(name[at - 1]) && isBorder(name[at + word.length])) return true;
  }
  return false;
}

function isBorder(character: string | undefined): boolean {
  return character === undefined || character === "_" || character === "." || character === "-";
}
