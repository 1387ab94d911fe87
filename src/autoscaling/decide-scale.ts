// Decides how many replicas an autoscaled deployment should have (A1 to A3, A6), and says why in words and numbers.
// Pure: no clock, no log. Called for each autoscaled deployment on every tick of the controller.
//   R1  Order: the policy's raw number, factor, bounds, delay. A target outside of the bounds moves into them at once.
//   R2  A cold start waits for no delay (A1).
//   R3  What is not known changes nothing: a policy that failed or has not answered keeps the target and ends what was
//       held; after the head's restart fewer replicas are not wanted before a look-back has passed (A6).
import { type Bounds, type Capacity, boundsOf, clamp } from "./capacity.ts";
import { type Delayed, applyDelays } from "./delays.ts";
import { decideByQueueLength, decideReplicasWanted } from "./replicas-wanted.ts";
import type { ScaleMemory } from "./scale-memory.ts";
import type { ScalingRules } from "./scaling-rules.ts";

/** What a user's policy says. */
export type PolicyVerdict =
  | { readonly kind: "replicas"; readonly replicas: number }
  /** It threw, took too long, answered with something else, or has not answered yet. */
  | { readonly kind: "unknown"; readonly reason: string };

/** What one look sees. */
export interface ScaleInputs {
  /** Replicas that serve. */
  readonly running: number;
  /** Q: requests of all callers, running and queued, over the look-back; 0 when nobody reports. */
  readonly requests: number;
  /** Somebody waits at this moment, whatever the look-back makes of it (A5). */
  readonly isWaiting: boolean;
  /** Null: Ray Serve's own policy, by queue length. */
  readonly policy: PolicyVerdict | null;
  readonly capacity: Capacity;
  /** Until when fewer replicas are not wanted, Unix milliseconds (A6). */
  readonly holdDownUntilMs: number;
}

export interface ScaleOutcome {
  /** The same object when nothing changed. */
  readonly memory: ScaleMemory;
  /** Replicas that the policy calls for, within bounds: the target to be, if no delay holds it. */
  readonly wanted: number;
  /** One line, also when nothing changed. */
  readonly reason: string;
  /** When time alone will change the decision, Unix milliseconds; undefined: never. */
  readonly wakeAtMs: number | undefined;
}

const AT_ONCE = { upDelayMs: 0, downDelayMs: 0, toZeroDelayMs: 0 };

/** The next target of a deployment. */
export function decideScale(
  rules: ScalingRules,
  memory: ScaleMemory,
  inputs: ScaleInputs,
  nowMs: number,
): ScaleOutcome {
  const bounds = boundsOf(rules, inputs.capacity);
  const target = clamp(memory.target, bounds);
  const wish = wishOf(rules, target, inputs);
  const wanted = clamp(wish.replicas, bounds);
  const isKept = wanted < target && nowMs < inputs.holdDownUntilMs;
  const delays = wish.isColdStart ? AT_ONCE : rules;
  const delayed = applyDelays(target, isKept ? target : wanted, memory.pending ?? null, delays, nowMs);
  const keeping = isKept
    ? `; kept at ${target} until callers have reported for ${seconds(rules.lookBackMs)}`
    : delayWords(delayed);
  return {
    memory: remember(memory, delayed, nowMs),
    wanted,
    reason: `${wish.words}${boundWords(wish.replicas, memory.target, bounds)}${keeping}`,
    wakeAtMs: isKept ? inputs.holdDownUntilMs : (delayed.dueMs ?? undefined),
  };
}

interface Wish {
  readonly replicas: number;
  readonly words: string;
  readonly isColdStart: boolean;
}

function wishOf(rules: ScalingRules, target: number, inputs: ScaleInputs): Wish {
  const { running, requests, policy } = inputs;
  const isWaiting = requests > 0 || inputs.isWaiting;
  if (policy?.kind === "unknown") return { replicas: target, words: policy.reason, isColdStart: false };
  const byQueue = running === 0 ? null : decideByQueueLength(requests, rules);
  const raw = policy === null ? byQueue : policy.replicas;
  const { replicas, isColdStart } = decideReplicasWanted({ running, target }, raw, isWaiting, rules);
  if (isColdStart) return { replicas, words: `requests wait and no replica serves: ${replicas} wanted`, isColdStart };
  const load = policy === null ? loadWords(requests, rules) : `the policy says ${round(policy.replicas)}`;
  return { replicas, words: `${load}: ${replicas} wanted`, isColdStart };
}

function remember(memory: ScaleMemory, { target, pending }: Delayed, nowMs: number): ScaleMemory {
  const { pending: before, ...kept } = memory;
  if (target === memory.target && pending?.sinceMs === before?.sinceMs && pending?.direction === before?.direction) {
    return memory;
  }
  const moved = target > memory.target ? { lastUpMs: nowMs } : target < memory.target ? { lastDownMs: nowMs } : {};
  return { ...kept, ...moved, target, ...(pending === null ? {} : { pending }) };
}

const AGGREGATES = { mean: "on average", max: "at most", min: "at least" } as const;

function loadWords(requests: number, rules: ScalingRules): string {
  const { aggregation, lookBackMs, targetOngoingRequests } = rules;
  const load = `${round(requests)} requests ${AGGREGATES[aggregation]} over ${seconds(lookBackMs)}`;
  return `${load} at target ${round(targetOngoingRequests)} per replica`;
}

function boundWords(replicas: number, target: number, bounds: Bounds): string {
  const { lower, upper } = bounds;
  if (replicas > upper || target > upper) return `, at most ${upper} allowed`;
  return replicas < lower || target < lower ? `, at least ${lower} required` : "";
}

function delayWords({ target, pending, delayMs }: Delayed): string {
  if (pending !== null) return `; kept at ${target} until that has held for ${seconds(delayMs)}`;
  return delayMs === 0 ? "" : `; held for ${seconds(delayMs)}`;
}

/** At most two digits after the point: `12.4`. */
function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function seconds(ms: number): string {
  return `${round(ms / 1000)} s`;
}
