// When a wish for more or fewer replicas comes true (A3). Pure: time is an argument, what is remembered a value.
//   R1  A wish in one direction must hold without a break for its delay; then the number wished at that moment counts.
//   R2  A change of direction, or a wish for what is there, begins anew.
//   R3  None is reached from one replica only, and with its own delay.
import type { ScalingRules } from "./scaling-rules.ts";

/** A wish that has not come true yet. */
export interface PendingScale {
  readonly direction: "up" | "down";
  /** Since when it has held without a break, Unix milliseconds. */
  readonly sinceMs: number;
}

export interface Delayed {
  /** The new target; the old one while a wish is held. */
  readonly target: number;
  /** Null: nothing is held. */
  readonly pending: PendingScale | null;
  /** When the held wish comes true if it lasts, Unix milliseconds. */
  readonly dueMs: number | null;
  /** Delay of the wish, milliseconds; 0 when there is none. */
  readonly delayMs: number;
}

/** Delays are compared in seconds with this tolerance (reference 4.8), here in milliseconds. */
const TOLERANCE_MS = 1e-3;

/** @param wanted whole replicas, within bounds */
export function applyDelays(
  target: number,
  wanted: number,
  before: PendingScale | null,
  rules: Pick<ScalingRules, "upDelayMs" | "downDelayMs" | "toZeroDelayMs">,
  nowMs: number,
): Delayed {
  const wish = wanted < target && target !== 1 ? Math.max(1, wanted) : wanted; // R3
  if (wish === target) return { target, pending: null, dueMs: null, delayMs: 0 }; // R2
  const direction = wish > target ? "up" : "down";
  const delayMs = direction === "up" ? rules.upDelayMs : target === 1 ? rules.toZeroDelayMs : rules.downDelayMs;
  // A wall clock that was set back must not hold a wish for longer than its delay.
  const sinceMs = before?.direction === direction ? Math.min(before.sinceMs, nowMs) : nowMs;
  if (nowMs - sinceMs + TOLERANCE_MS >= delayMs) return { target: wish, pending: null, dueMs: null, delayMs };
  return { target, pending: { direction, sinceMs }, dueMs: sinceMs + delayMs, delayMs };
}
