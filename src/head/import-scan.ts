// Finds what a module names to import, by one regular expression: comments and other strings are stepped over, nothing
// is parsed. It may see an import where there is none; it misses only names that are computed. Works on text alone.

/**
 * Comments, strings and templates come first among the alternatives, so that an import inside of one is stepped over.
 * Groups 1 and 2: the specifier of a static, then of a dynamic import (or `require`, or `import.meta.resolve`).
 */
const TOKEN = new RegExp(
  [
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`\/\/[^\n]*`,
    String.raw`\b(?:import|export)\b(?:\s*(?:type\b)?[\w$*{}\s,]*?\bfrom)?\s*["']([^"'\n]+)["']`,
    String.raw`\b(?:import(?:\.meta\.resolve)?|require)\s*\(\s*["'\x60]([^"'\x60$\n]+)["'\x60]`,
    String.raw`"(?:[^"\\\n]|\\.)*"`,
    String.raw`'(?:[^'\\\n]|\\.)*'`,
    String.raw`\x60(?:[^\x60\\]|\\[\s\S])*\x60`,
  ].join("|"),
  "g",
);

/** The specifiers in a module's source, each once, in order. */
export function importSpecifiers(source: string): readonly string[] {
  const found = new Set<string>();
  for (const [, fixed, dynamic] of source.matchAll(TOKEN)) {
    const specifier = fixed ?? dynamic;
    if (specifier !== undefined) found.add(specifier);
  }
  return [...found];
}
