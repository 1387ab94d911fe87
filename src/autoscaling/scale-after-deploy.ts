// The size of a deployment right after a deploy, and that of one that does not scale by itself. Pure.
//   R1  A new autoscaled deployment has its initial replicas, else the fewest. One whose rules changed has its initial
//       replicas again if it names them; every other one stays as large as it was, within its bounds.
//   R2  What an external scaler asked for stays until the options ask for another number.
import { sameData } from "../config/update-cost.ts";
import type { ResolvedDeploymentOptions } from "../config/options.generated.ts";
import { adjustForCapacity, boundsOf, type Capacity, clamp } from "./capacity.ts";
import type { ScaleMemory } from "./scale-memory.ts";
import { rulesOf } from "./scaling-rules.ts";

/** The options that say how large a deployment is. */
export type SizeOptions = Pick<ResolvedDeploymentOptions, "numReplicas" | "autoscalingConfig">;

/** What was known of a deployment before the deploy. */
export interface KnownSize {
  readonly options: SizeOptions;
  readonly memory: ScaleMemory;
}

/** @param known undefined: it is new */
export function scaleAfterDeploy(known: KnownSize | undefined, options: SizeOptions, capacity: Capacity): ScaleMemory {
  const { autoscalingConfig, numReplicas } = options;
  if (autoscalingConfig === null) {
    const { external } = known?.options.numReplicas === numReplicas ? known.memory : {};
    return fixedScale({ target: numReplicas, ...(external === undefined ? {} : { external }) }, numReplicas, capacity);
  }
  const { minReplicas, initialReplicas } = autoscalingConfig;
  const bounds = boundsOf(rulesOf(autoscalingConfig), capacity);
  const first = adjustForCapacity(initialReplicas ?? minReplicas, capacity.percent);
  if (known === undefined) return { target: clamp(first, bounds) };
  const begins = initialReplicas !== null && !sameData(known.options.autoscalingConfig, autoscalingConfig);
  const { external: _none, ...memory } = known.memory;
  return { ...memory, target: clamp(begins ? first : memory.target, bounds) };
}

/** The size of a deployment that does not scale by itself; the same object when nothing changed. */
export function fixedScale(memory: ScaleMemory, numReplicas: number, { percent }: Capacity): ScaleMemory {
  const target = adjustForCapacity(memory.external ?? numReplicas, percent);
  return target === memory.target ? memory : { ...memory, target };
}
