// When a replica that serves is asked for its health, and what the answers mean. Pure: memory in, memory out.
//   R1  Each serving replica is asked every period, counted from one question to the next; each wait is 0.9 to 1.1 of the
//       period, so that replicas which began together are not asked together (H1, as Ray Serve).
//   R2  No question while one is open, none over a closed link.
//   R3  The third failure in a row is the end; one success forgets those before it (H1).
//   R4  A link that closes during a check says nothing about health: `decideReplicas` judges that.
//   R5  Questions wait for the next mark of a grid of a fiftieth of the period, so that a thousand replicas do not make
//       the controller look a thousand times.
import { isServing, type ReplicaPhase } from "../../model/lifecycle.ts";
import type { ReplicaId } from "../../model/ids.ts";
import { earliest } from "./times.ts";

/** Failures in a row that end a replica (Ray Serve's `REPLICA_HEALTH_CHECK_UNHEALTHY_THRESHOLD`). */
const FAILURES = 3;
/** Shortest and longest wait, as shares of the period; the grid adds to the longest what is missing to 1.1 (R1, R5). */
const SHORTEST = 0.9;
const LONGEST = 1.08;
const GRID = 0.02;

/** How often a deployment's replicas are asked, and how long they may take; milliseconds. */
export interface HealthRules {
  readonly periodMs: number;
  readonly timeoutMs: number;
}

/** What is remembered of one replica's health. */
export interface HealthMemory {
  /** Failed checks in a row. */
  readonly failures: number;
  /** First lines of the newest failure; empty when there was none. */
  readonly lastError: string;
  /** When the last check began, or the replica began to serve; Unix milliseconds. */
  readonly sinceMs: number;
  /** The next wait as a share of the period. */
  readonly share: number;
  /** A check is open. */
  readonly checking: boolean;
}

/** What a decision about health looks at. */
export interface HealthSnapshot {
  readonly id: ReplicaId;
  readonly phase: ReplicaPhase;
  readonly linkLostAtMs: number | null;
  readonly health: HealthMemory;
}

export interface CheckAction {
  readonly kind: "check";
  readonly id: ReplicaId;
  /** After so many milliseconds it has failed. */
  readonly timeoutMs: number;
  readonly periodMs: number;
}

export interface HealthDecision {
  readonly actions: readonly CheckAction[];
  /** When the next check is due, Unix milliseconds; undefined: none is to come. */
  readonly wakeAtMs: number | undefined;
}

/** The replica has begun to serve: its load ended with a health check. @param random in [0, 1) */
export function freshHealth(nowMs: number, random: number): HealthMemory {
  return { failures: 0, lastError: "", sinceMs: nowMs, share: shareOf(random), checking: false };
}

/** Which replicas to ask now. */
export function decideHealth(rules: HealthRules, seen: readonly HealthSnapshot[], nowMs: number): HealthDecision {
  const { periodMs, timeoutMs } = rules;
  const reachable = seen.filter(({ phase, linkLostAtMs }) => isServing(phase) && linkLostAtMs === null);
  const dueOf = ({ health }: HealthSnapshot): number => nextCheckMs(health, periodMs);
  const nextMs = earliest(reachable.map(dueOf), nowMs);
  const gridMs = periodMs * GRID;
  return {
    actions: reachable
      .filter((replica) => dueOf(replica) <= nowMs && !replica.health.checking) // R2
      .map(({ id }) => ({ kind: "check", id, timeoutMs, periodMs })),
    wakeAtMs: nextMs === undefined ? undefined : Math.ceil(nextMs / gridMs) * gridMs, // R5
  };
}

/** When a replica is to be asked next, Unix milliseconds; also while it is asked. */
export function nextCheckMs({ sinceMs, share }: HealthMemory, periodMs: number): number {
  return sinceMs + periodMs * share;
}

/** A check begins. @param random in [0, 1) */
export function afterCheckBegan(memory: HealthMemory, nowMs: number, random: number): HealthMemory {
  return { ...memory, sinceMs: nowMs, share: shareOf(random), checking: true };
}

function shareOf(random: number): number {
  return SHORTEST + (LONGEST - SHORTEST) * random;
}

/** A check has ended. @param error null: it passed; undefined: nobody answered (R4) */
export function afterCheck(memory: HealthMemory, error: string | null | undefined): HealthMemory {
  const ended = { ...memory, checking: false };
  if (error === undefined) return ended;
  return error === null
    ? { ...ended, failures: 0, lastError: "" }
    : { ...ended, failures: ended.failures + 1, lastError: error };
}

/** A process that is not heard over its open link. Times are Unix milliseconds. */
export interface Silence {
  /** When it was heard last. */
  readonly sinceMs: number;
  /** CPU time it had used when it was last looked at, milliseconds; null: nobody can tell. */
  readonly cpuMs: number | null;
  readonly lookedMs: number;
  /** Whether it used the CPU between the last two looks; null: nobody can tell. */
  readonly busy: boolean | null;
}

/** Share of one core above which a silent process is at work. Chosen: a blocked loop takes what it gets, a waiting one nothing. */
const BUSY_SHARE = 0.05;

/** A silent process was looked at from outside (H2). @param cpuMs CPU time it has used so far; null: nobody can tell */
export function afterSilentLook(before: Silence | null, sinceMs: number, cpuMs: number | null, nowMs: number): Silence {
  const passedMs = nowMs - (before?.lookedMs ?? nowMs);
  const usedMs = before === null || before.cpuMs === null || cpuMs === null ? null : cpuMs - before.cpuMs;
  const busy = usedMs === null || passedMs <= 0 ? (before?.busy ?? null) : usedMs > BUSY_SHARE * passedMs;
  return { sinceMs, cpuMs, lookedMs: nowMs, busy };
}

/** What status says of a silent process (H2). */
export function silenceText({ sinceMs, busy }: Silence, nowMs: number): string {
  const why = busy === null ? "" : busy ? " (its event loop is blocked)" : " (it waits without using the CPU)";
  return `not responding for ${Math.floor((nowMs - sinceMs) / 1000)} s${why}`;
}

/** Why a replica must go; undefined: it need not (R3). */
export function unhealthyReason({ failures, lastError }: HealthMemory): string | undefined {
  return failures >= FAILURES ? `${failures} health checks failed in a row. Last error: ${lastError}` : undefined;
}
