// What one look at an autoscaled deployment sees: its rules, its load over the look-back, its replicas; and the same as a
// user's policy sees it. Pure but for the reports, which forget who has fallen silent.
import { type Bounds, boundsOf } from "../autoscaling/capacity.ts";
import { rulesOf, type ScalingRules } from "../autoscaling/scaling-rules.ts";
import { aggregate, type StepSeries } from "../autoscaling/step-series.ts";
import type { ResolvedAutoscalingOptions } from "../config/options.generated.ts";
import type { AutoscalingContext } from "../model/autoscaling-context.ts";
import { deploymentKey, type ReplicaId } from "../model/ids.ts";
import { isServing } from "../model/lifecycle.ts";
import type { ApplicationTarget, DeploymentTarget } from "../model/target-state.ts";
import type { ScalingReports } from "./scaling-reports.ts";
import type { ControllerState, DeploymentState, ReplicaRecord } from "./state.ts";

export interface ScalingLook {
  readonly key: string;
  readonly application: ApplicationTarget;
  readonly target: DeploymentTarget;
  readonly options: ResolvedAutoscalingOptions;
  readonly rules: ScalingRules;
  readonly bounds: Bounds;
  readonly state: DeploymentState;
  readonly serving: readonly ReplicaRecord[];
  /** Requests of all callers over the look-back, waiting and at replicas, and those of them that wait. */
  readonly requests: number;
  readonly queued: number;
  /** Somebody waits now. */
  readonly isWaiting: boolean;
  /** How long the most silent caller has been silent, milliseconds; null: nobody has reported. */
  readonly silentMs: number | null;
  /** Unix milliseconds, and on the clock of the reports, which no one sets. */
  readonly nowMs: number;
  readonly monotonicMs: number;
  /** What its replicas said of themselves, by replica and name. */
  readonly stats: ReadonlyMap<ReplicaId, ReadonlyMap<string, StepSeries>>;
}

/** Undefined: it does not scale by itself. */
export function lookAt(
  state: ControllerState,
  reports: ScalingReports,
  application: ApplicationTarget,
  target: DeploymentTarget,
  { nowMs, monotonicMs }: Pick<ScalingLook, "nowMs" | "monotonicMs">,
): ScalingLook | undefined {
  const { name, options: all } = target.spec;
  const options = all.autoscalingConfig;
  if (options === null) return undefined;
  const rules = rulesOf(options);
  const { aggregation, lookBackMs, metricsIntervalMs } = rules;
  const key = deploymentKey(application.name, name);
  const { queued, ongoing, silentMs } = reports.load(key, metricsIntervalMs, monotonicMs);
  const over = (series: readonly StepSeries[]): number => aggregate(series, aggregation, lookBackMs, monotonicMs) ?? 0;
  const serving = state.replicasOf(application.name, name).filter(({ phase }) => isServing(phase));
  return {
    key,
    application,
    target,
    options,
    rules,
    bounds: boundsOf(rules, state.capacity),
    state: state.deployment(application.name, name),
    serving,
    requests: over([...queued, ...ongoing]),
    queued: over(queued),
    isWaiting: queued.some((series) => (series.at(-1)?.[1] ?? 0) > 0),
    silentMs,
    nowMs,
    monotonicMs,
    stats: new Map(serving.map(({ id }) => [id, reports.stats(id, lookBackMs, monotonicMs)])),
  };
}

/** A look as a policy sees it. @param policyState what the policy returned last */
export function contextOf(look: ScalingLook, policyState: unknown): AutoscalingContext {
  const { application, target, serving, requests, queued, bounds, state, nowMs, monotonicMs } = look;
  const { scale } = state;
  return {
    deploymentId: look.key,
    deploymentName: target.spec.name,
    appName: application.name,
    currentNumReplicas: serving.length,
    targetNumReplicas: scale.target,
    runningReplicas: serving.map(({ id }) => id),
    totalNumRequests: requests,
    totalQueuedRequests: queued,
    totalRunningRequests: requests - queued,
    aggregatedMetrics: aggregatedStats(look),
    rawMetrics: byName(look, (series) =>
      series.map(([timeMs, value]) => ({ timestamp: (nowMs - monotonicMs + timeMs) / 1000, value })),
    ),
    capacityAdjustedMinReplicas: bounds.lower,
    capacityAdjustedMaxReplicas: bounds.upper,
    policyState,
    lastScaleUpTime: scale.lastUpMs === undefined ? null : scale.lastUpMs / 1000,
    lastScaleDownTime: scale.lastDownMs === undefined ? null : scale.lastDownMs / 1000,
    currentTime: nowMs / 1000,
    config: look.options,
  };
}

/** What replicas said of themselves, over the look-back: by name and replica. */
export function aggregatedStats(look: ScalingLook): Record<string, Record<string, number>> {
  const { aggregation, lookBackMs } = look.rules;
  return byName(look, (series) => aggregate([series], aggregation, lookBackMs, look.monotonicMs) ?? 0);
}

function byName<T>({ stats }: ScalingLook, of: (series: StepSeries) => T): Record<string, Record<ReplicaId, T>> {
  const names = new Set([...stats.values()].flatMap((named) => [...named.keys()]));
  const ofName = (name: string): Record<ReplicaId, T> =>
    Object.fromEntries(
      [...stats].flatMap(([replica, named]) => {
        const series = named.get(name);
        return series === undefined ? [] : [[replica, of(series)]];
      }),
    );
  // Names are the user's, `__proto__` included: they are never assigned to.
  return Object.fromEntries([...names].map((name) => [name, ofName(name)]));
}
