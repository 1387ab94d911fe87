// How many replicas a load calls for, before delays (A1, A2). Pure.
import type { ScalingRules } from "./scaling-rules.ts";

/** What a deployment has. */
export interface ScaleFacts {
  /** R: replicas that serve. */
  readonly running: number;
  /** T: replicas that it should have by the last decision. */
  readonly target: number;
}

/** A whole number of replicas. */
export interface ReplicasWanted {
  readonly replicas: number;
  /** Nobody serves and somebody waits: no delay applies (A1). */
  readonly isColdStart: boolean;
}

/**
 * What Ray Serve's policy answers for `requests`, running and queued: the raw number D, with a fraction.
 * @param requests Q, aggregated over the look-back
 */
export function decideByQueueLength(requests: number, rules: ScalingRules): number {
  return requests / rules.targetOngoingRequests;
}

/**
 * From a policy's raw number to whole replicas.
 * @param raw D; null: the policy has nothing to say while nobody serves
 * @param isWaiting somebody has sent a request
 */
export function decideReplicasWanted(
  facts: ScaleFacts,
  raw: number | null,
  isWaiting: boolean,
  rules: ScalingRules,
): ReplicasWanted {
  const { running, target } = facts;
  if (running === 0) {
    if (isWaiting) return { replicas: Math.max(Math.ceil(rules.upFactor), target), isColdStart: true };
    return { replicas: raw === null ? target : Math.ceil(raw), isColdStart: false };
  }
  if (raw === null) return { replicas: target, isColdStart: false };
  return { replicas: applyFactor(running, raw, rules), isColdStart: false };
}

/** A2: a factor scales the step from what runs; one that would stick above the wish takes one away. */
function applyFactor(running: number, raw: number, rules: ScalingRules): number {
  const step = raw - running;
  const replicas = Math.ceil(running + (step > 0 ? rules.upFactor : rules.downFactor) * step);
  return Math.ceil(raw) < running && replicas === running ? running - 1 : replicas;
}
