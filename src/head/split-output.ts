// From the bytes of an output file to lines. Pure.
//   R1  A line that has no end yet waits; at `MAX_LINE_BYTES`, or when nothing follows any more, it counts as one.
//   R2  A long line is cut between characters, never inside one.

/** Longest line that is passed on, bytes. Chosen: a screenful; what is longer continues as another line. */
export const MAX_LINE_BYTES = 8192;

/** Lines, and how many bytes they took. */
export interface SplitOutput {
  readonly lines: readonly string[];
  readonly usedBytes: number;
}

/**
 * The lines that `bytes` begins with.
 * @param isComplete true: the last line ends where the bytes end (R1)
 */
export function splitOutput(bytes: Uint8Array, isComplete: boolean): SplitOutput {
  const lines: string[] = [];
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(LINE_END, from);
    const length = (end === -1 ? bytes.length : end) - from;
    if (length > MAX_LINE_BYTES) {
      const cut = characterStart(bytes, from + MAX_LINE_BYTES);
      lines.push(textOf(bytes.subarray(from, cut)));
      from = cut;
    } else if (end === -1 && !isComplete) {
      break;
    } else {
      lines.push(textOf(bytes.subarray(from, from + length)));
      from += end === -1 ? length : length + 1;
    }
  }
  return { lines, usedBytes: from };
}

const LINE_END = 0x0a;
const RETURN = 0x0d;

/** The last start of a UTF-8 character at or before `at`; `at` itself where the bytes are no UTF-8. */
function characterStart(bytes: Uint8Array, at: number): number {
  for (let start = at; start > at - 4; start--) if (((bytes[start] ?? 0) & 0xc0) !== 0x80) return start;
  return at;
}

const decoder = new TextDecoder();

function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes);
}
