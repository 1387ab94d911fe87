// The end of the event loop's current turn: what the request path gathers during one turn goes out there at once.

/** Runs `fn` after the I/O callbacks of this turn (Node's check phase). Used to write many frames with one syscall. */
export function atTurnEnd(fn: () => void): void {
  setImmediate(fn);
}
