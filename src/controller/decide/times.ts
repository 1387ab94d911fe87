// Moments of decisions: when a closed link counts as a death, when to look again. Pure.
import type { ProxyPhase, ReplicaPhase } from "../../model/lifecycle.ts";

/** How long a closed control link may stay closed before the process counts as dead (architecture 1). */
export const REDIAL_MS = 2_000;

/** What of a process changes a decision by time alone. */
interface Timed {
  readonly phase: ReplicaPhase | ProxyPhase;
  readonly linkLostAtMs: number | null;
}

/** True when its phase has lasted until its limit; false when it has none. */
export function isOver({ phase }: Pick<Timed, "phase">, nowMs: number): boolean {
  return nowMs >= (limitOf(phase) ?? Infinity);
}

/** True when it should have dialled again by now. */
export function isLost({ linkLostAtMs }: Pick<Timed, "linkLostAtMs">, nowMs: number): boolean {
  return linkLostAtMs !== null && nowMs >= linkLostAtMs + REDIAL_MS;
}

/** When `isOver` or `isLost` will say something else, Unix milliseconds. */
export function deadlinesOf({ phase, linkLostAtMs }: Timed): number[] {
  return [limitOf(phase) ?? [], linkLostAtMs === null ? [] : linkLostAtMs + REDIAL_MS].flat();
}

/** The first of the moments that are known and after `afterMs`; undefined: there is none. */
export function earliest(times: Iterable<number | undefined>, afterMs = -Infinity): number | undefined {
  let first: number | undefined;
  for (const time of times) {
    if (time !== undefined && time > afterMs && time < (first ?? Infinity)) first = time;
  }
  return first;
}

function limitOf(phase: Timed["phase"]): number | undefined {
  return "untilMs" in phase ? phase.untilMs : undefined;
}
