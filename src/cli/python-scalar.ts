// Texts as PyYAML's `safe_dump` writes them in a block mapping, so that a diff with what Ray Serve prints is empty. Pure.
//   R1  Several lines are a `|` block, as Ray asks for, where PyYAML can write one: else the text is in double quotes.
//   R2  Else a text is plain where it reads back as itself, in single quotes where it has only printable ASCII.
//   R3  Lines are folded at a single space after column 80, and go on deeper by one indent.

/** Where PyYAML folds. */
const WIDTH = 80;
const INDENT = 2;

/** Plain texts that YAML 1.1 takes for something else than a string. */
const OTHER_TYPE = new RegExp(
  [
    "~|null|Null|NULL|<<|=",
    "yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
    "[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
    String.raw`[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?`,
    String.raw`[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)`,
    String.raw`\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?`,
  ]
    .map((part) => `^(?:${part})$`)
    .join("|"),
);

/** What no plain text holds in a block: signs that begin something, `: `, ` #`. */
const INDICATOR = /^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@`]|[?:-](?:\s|$))|:(?:\s|$)|\s#/;

/** The lines of `key: value`, where `key` stands `indent` deep. */
export function pythonEntry(key: string, value: string, indent: number): string[] {
  const lead = `${" ".repeat(indent)}${pythonKey(key)}: `;
  const deeper = " ".repeat(indent + INDENT);
  if (value.includes("\n") && isBlock(value)) return block(lead, value, deeper);
  if (isPlain(value)) return fold(lead, value, deeper);
  const isQuotable = !value.includes("\n") && isPrintable(value);
  if (!isQuotable) return doubleQuoted(lead, value, deeper);
  const lines = fold(`${lead}'`, value.replaceAll("'", "''"), deeper);
  return lines.with(-1, `${lines.at(-1)}'`);
}

/** A key, in quotes where it needs some. */
export function pythonKey(key: string): string {
  if (isPlain(key)) return key;
  return isPrintable(key) && !key.includes("\n") ? `'${key.replaceAll("'", "''")}'` : `"${escape(key)}"`;
}

function isPlain(text: string): boolean {
  return (
    text !== "" &&
    text.trim() === text &&
    isPrintable(text) &&
    !/\n/.test(text) &&
    !INDICATOR.test(text) &&
    !OTHER_TYPE.test(text)
  );
}

function isPrintable(text: string): boolean {
  return /^[\n\u0020-\u007e]*$/.test(text);
}

/** R1: no space at the end of a line, nothing but printable ASCII. */
function isBlock(text: string): boolean {
  return isPrintable(text) && !/ (?:\n|$)/.test(text);
}

function block(lead: string, text: string, deeper: string): string[] {
  const ends = text.endsWith("\n");
  const chomping = ends ? (text === "\n" || text.endsWith("\n\n") ? "+" : "") : "-";
  const depth = /^[ \n]/.test(text) ? String(INDENT) : "";
  const lines = (ends ? text.slice(0, -1) : text).split("\n");
  return [`${lead}|${depth}${chomping}`, ...lines.map((line) => (line === "" ? "" : deeper + line))];
}

/** R3. */
function fold(lead: string, text: string, deeper: string): string[] {
  const lines: string[] = [];
  let line = lead;
  for (const [index, piece] of text.split(/(?<=[^ ]) (?=[^ ])/).entries()) {
    if (index === 0) line += piece;
    else if (line.length > WIDTH) {
      lines.push(line);
      line = deeper + piece;
    } else line += ` ${piece}`;
  }
  return [...lines, line];
}

/**
 * PyYAML's own folding of escaped texts: a line that is full ends with `\\`, and so begins one that goes on with a space.
 * It may end at a space, and behind what was escaped: there at once when it is two too long, else before what follows.
 */
function doubleQuoted(lead: string, text: string, deeper: string): string[] {
  const lines: string[] = [];
  const characters = Array.from(text); // code points, as Python counts
  let line = `${lead}"`;
  let waiting = "";
  const foldBefore = (next: string | undefined): void => {
    lines.push(`${line}${waiting}\\`);
    waiting = "";
    line = deeper + (next === " " ? "\\" : "");
  };
  for (const [index, character] of characters.entries()) {
    const isInside = index > 0 && index < characters.length - 1;
    const escaped = escape(character);
    if (escaped !== character) {
      line += waiting + escaped;
      waiting = "";
      if (isInside && line.length - 1 > WIDTH) foldBefore(characters[index + 1]);
    } else {
      const mayFold = isInside && (character === " " || waiting === "");
      if (mayFold && line.length + waiting.length > WIDTH) foldBefore(character);
      waiting += character;
    }
  }
  return [...lines, `${line}${waiting}"`];
}

const NAMED: Readonly<Record<string, string>> = {
  "\0": "0",
  "\u0007": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\u001b": "e",
  '"': '"',
  "\\": "\\",
  "\u0085": "N",
  "\u00a0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

function escape(text: string): string {
  return Array.from(text, (character) => {
    const named = NAMED[character];
    if (named !== undefined) return `\\${named}`;
    if (/^[\u0020-\u007e]$/.test(character)) return character;
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16).toUpperCase();
    if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  }).join("");
}
