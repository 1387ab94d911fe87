// A terminal's screen that shows one text, drawn over again when it changes.
//   R1  Nothing flickers: lines are written over those that are there, in one write, and only when something changed.
//   R2  The screen as it was before comes back, however the command ends.
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
/** Terminals that know these show what stands between them at once; others ignore them. */
const BEGIN_FRAME = "\u001b[?2026h\u001b[H";
const END_FRAME = "\u001b[J\u001b[?2026l";
const CLEAR_LINE_REST = "\u001b[K";

const CTRL_C = "\u0003";

/** The part of a terminal that is written to. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

export class Screen {
  readonly #terminal: Terminal;
  #shown = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  enter(): void {
    this.#terminal.write(ENTER);
  }

  leave(): void {
    this.#terminal.write(LEAVE);
  }

  /** Shows a text, cut to the screen's size (R1). */
  draw(text: string): void {
    const frame = fitLines(text, this.#terminal.columns, this.#terminal.rows).join(`${CLEAR_LINE_REST}\n`);
    if (frame === this.#shown) return;
    this.#shown = frame;
    this.#terminal.write(`${BEGIN_FRAME}${frame}${CLEAR_LINE_REST}${END_FRAME}`);
  }
}

/** The lines that fit a screen; the last says how many do not. A size of 0 is one that the terminal does not know. */
export function fitLines(text: string, columns: number, rows: number): string[] {
  const fits = (line: string): boolean => columns === 0 || line.length <= columns;
  const lines = text.split("\n").map((line) => (fits(line) ? line : `${line.slice(0, columns - 1)}…`));
  if (rows === 0 || lines.length <= rows) return lines;
  const shown = lines.slice(0, rows - 1);
  return [...shown, `… ${lines.length - shown.length} more lines`];
}

/** Calls `stop` at q, Ctrl-C or a signal. @returns gives the keyboard back */
export function onQuit(stop: () => void): () => void {
  const { stdin } = process;
  const onKeys = (keys: Buffer): void => {
    const text = keys.toString();
    if (text.includes("q") || text.includes(CTRL_C)) stop();
  };
  if (stdin.isTTY) stdin.setRawMode(true).on("data", onKeys);
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return () => {
    if (stdin.isTTY) stdin.setRawMode(false).off("data", onKeys).pause();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  };
}
