// What status shows of one deployment that scales by itself: the newest decisions, and what the last look saw.
import type { ScaleOutcome } from "../autoscaling/decide-scale.ts";
import type { AutoscalingDetails, ScaleDecision } from "../model/status.ts";
import { aggregatedStats, type ScalingLook } from "./scaling-look.ts";
import type { Advice } from "./scaling-policies.ts";

/** Decisions kept (inventory 1.8). */
const CAPACITY = 50;
/** Callers are late when the most silent one has been silent for so many intervals. Chosen: one report may be under way. */
const LATE_INTERVALS = 1.5;

interface Seen {
  readonly look: ScalingLook;
  readonly wanted: number;
  readonly reason: string;
  readonly policyTimeMs: number | null;
}

export class ScalingRecord {
  readonly #decisions: ScaleDecision[] = [];
  #seen: Seen | undefined;
  #error: string | undefined;

  /** Why the policy's last answer is none; undefined: it answered. */
  get error(): string | undefined {
    return this.#error;
  }

  scaled(decision: ScaleDecision): void {
    this.#decisions.push(decision);
    if (this.#decisions.length > CAPACITY) this.#decisions.shift();
  }

  looked(look: ScalingLook, { wanted, reason }: ScaleOutcome, advice: Advice | undefined): void {
    this.#seen = { look, wanted, reason, policyTimeMs: advice?.tookMs ?? null };
    this.#error = advice?.error;
  }

  /** Nothing was decided. */
  kept(look: ScalingLook, reason: string): void {
    this.#seen = { look, wanted: look.state.scale.target, reason, policyTimeMs: null };
  }

  /** Null before the first look. */
  details(): AutoscalingDetails | null {
    if (this.#seen === undefined) return null;
    const { look, wanted, reason, policyTimeMs } = this.#seen;
    const own = Object.entries(aggregatedStats(look)).map(([name, of]) => [name, sum(Object.values(of))]);
    return {
      scalingStatus: scalingStatus(look),
      reason,
      decisions: [...this.#decisions],
      metrics: {
        ...Object.fromEntries(own),
        totalRequests: look.requests,
        queuedRequests: look.queued,
        desiredReplicas: wanted,
        targetOngoingRequests: look.rules.targetOngoingRequests,
        ...(policyTimeMs === null ? {} : { policyExecutionTimeMs: policyTimeMs }),
      },
      metricsHealth: metricsHealth(look),
      errors: this.#error === undefined ? [] : [this.#error],
    };
  }
}

function scalingStatus({ state, serving }: ScalingLook): AutoscalingDetails["scalingStatus"] {
  if (serving.length < state.scale.target) return "UPSCALING";
  return serving.length > state.scale.target ? "DOWNSCALING" : "STABLE";
}

function metricsHealth({ silentMs, rules }: ScalingLook): AutoscalingDetails["metricsHealth"] {
  if (silentMs === null) return "unavailable";
  return silentMs > LATE_INTERVALS * rules.metricsIntervalMs ? "delayed" : "healthy";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
