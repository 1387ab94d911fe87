// What follows when a supervised head has ended. Pure.
//   R1  An orderly end, one that was cut short by order, a namespace that is taken and a first start that failed are final.
//   R2  A crash is answered at once; deaths that follow one another quickly are answered later and later.
import { backoffMs } from "../core/backoff.ts";
import { HEAD_EXIT } from "../config/head-options.ts";

/** What the supervisor remembers of the head's deaths. */
export interface DeathRecord {
  /** Heads that ended so far. */
  readonly deaths: number;
  /** Of these, how many in a row lived shorter than `QUICK_MS`. */
  readonly quickDeaths: number;
}

export type RestartDecision =
  | { readonly kind: "end"; readonly orderly: boolean; readonly reason: string }
  | { readonly kind: "restart"; readonly delayMs: number; readonly reason: string; readonly record: DeathRecord };

/** A head that lived shorter died of its start. Chosen: far above a start with many replicas to adopt. */
export const QUICK_MS = 10_000;

/** First and longest wait between quick deaths. Chosen: a head must be back before its children give up after 60 s. */
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;

/**
 * @param exit how the head ended
 * @param livedMs how long it lived
 */
export function decideRestart(
  exit: { readonly code: number | null; readonly signal: string | null; readonly message: string },
  livedMs: number,
  record: DeathRecord,
): RestartDecision {
  const last = exit.message === "" ? "" : `: ${exit.message}`;
  if (exit.code === HEAD_EXIT.done) return { kind: "end", orderly: true, reason: "the head ended as ordered" };
  if (exit.code === HEAD_EXIT.cut)
    return { kind: "end", orderly: false, reason: "the head was ended by a second signal" };
  if (exit.code === HEAD_EXIT.locked) return { kind: "end", orderly: false, reason: exit.message };
  const how = exit.signal === null ? `exit code ${exit.code ?? "unknown"}` : exit.signal;
  if (record.deaths === 0 && exit.signal === null && (exit.code === HEAD_EXIT.failed || exit.code === null)) {
    return { kind: "end", orderly: false, reason: exit.message || `the head could not start (${how})` };
  }
  const quickDeaths = livedMs < QUICK_MS ? record.quickDeaths + 1 : 0;
  const delayMs = quickDeaths <= 1 ? 0 : backoffMs(quickDeaths - 2, FIRST_DELAY_MS, MAX_DELAY_MS);
  return {
    kind: "restart",
    delayMs,
    reason: `the head died after ${Math.round(livedMs)} ms (${how})${last}`,
    record: { deaths: record.deaths + 1, quickDeaths },
  };
}
