// Which options of placement go together (reference 2.4), and which of them an engine cannot honour. Pure.
import { ConfigError } from "../core/errors.ts";
import { showValue } from "./check-rule.ts";
import type { ResolvedDeploymentOptions } from "./options.generated.ts";

/**
 * Checks what placement groups, gangs and limits per node ask of each other.
 * @throws {ConfigError} the first contradiction
 */
export function checkPlacement(options: ResolvedDeploymentOptions, path: string): void {
  const fault = bundleFault(options) ?? gangFault(options) ?? actorFault(options);
  if (fault !== undefined) throw new ConfigError({ ...fault, path: `${path}.${fault.path}` });
}

interface Fault {
  readonly path: string;
  readonly received: string;
  readonly expected: string;
}

function bundleFault(options: ResolvedDeploymentOptions): Fault | undefined {
  const { maxReplicasPerNode, placementGroupBundles: bundles, placementGroupStrategy: strategy } = options;
  const selector = options.placementGroupBundleLabelSelector;
  if (bundles === null) {
    const expected = "nothing, or placementGroupBundles beside it";
    if (strategy !== null) return { path: "placementGroupStrategy", received: showValue(strategy), expected };
    if (selector !== null) return { path: "placementGroupBundleLabelSelector", received: "a list", expected };
    return undefined;
  }
  if (maxReplicasPerNode !== null) {
    const received = `${showValue(maxReplicasPerNode)} beside placementGroupBundles`;
    return { path: "maxReplicasPerNode", received, expected: "nothing, or no placementGroupBundles" };
  }
  if (selector !== null && selector.length !== 1 && selector.length !== bundles.length) {
    const expected = bundles.length === 1 ? "1" : `1 or ${bundles.length}, one for each bundle`;
    return { path: "placementGroupBundleLabelSelector", received: `${selector.length} selectors`, expected };
  }
  return firstBundleFault(options, bundles[0]);
}

/** The first bundle holds the replica itself. */
function firstBundleFault(
  { resources }: ResolvedDeploymentOptions,
  bundle: Readonly<Record<string, number>> | undefined,
): Fault | undefined {
  if (bundle === undefined) {
    return { path: "placementGroupBundles", received: "an empty list", expected: "a bundle for the replica itself" };
  }
  const claims = { CPU: resources.cpus, GPU: resources.gpus, ...resources.custom };
  const short = Object.entries(claims).find(([name, claim]) => (bundle[name] ?? 0) < claim);
  if (short === undefined) return undefined;
  const [name, claim] = short;
  const expected = `at least ${claim}, which is what the replica itself claims in resources`;
  return { path: `placementGroupBundles[0].${name}`, received: String(bundle[name] ?? "nothing"), expected };
}

function gangFault(options: ResolvedDeploymentOptions): Fault | undefined {
  const gang = options.gangSchedulingConfig;
  if (gang === null) return undefined;
  const { maxReplicasPerNode, placementGroupStrategy, autoscalingConfig, numReplicas } = options;
  const expected = "nothing, or no gangSchedulingConfig";
  const received = (value: unknown): string => `${showValue(value)} beside gangSchedulingConfig`;
  if (maxReplicasPerNode !== null) {
    return { path: "maxReplicasPerNode", received: received(maxReplicasPerNode), expected };
  }
  if (placementGroupStrategy !== null) {
    return { path: "placementGroupStrategy", received: received(placementGroupStrategy), expected };
  }
  const { minReplicas, maxReplicas, initialReplicas } = autoscalingConfig ?? {};
  const numbers =
    autoscalingConfig === null
      ? { numReplicas }
      : {
          "autoscalingConfig.minReplicas": minReplicas,
          "autoscalingConfig.maxReplicas": maxReplicas,
          "autoscalingConfig.initialReplicas": initialReplicas ?? 0,
        };
  const odd = Object.entries(numbers).find(([, number]) => (number ?? 0) % gang.gangSize !== 0);
  if (odd === undefined) return undefined;
  return { path: odd[0], received: showValue(odd[1]), expected: `a multiple of gangSize (${gang.gangSize})` };
}

function actorFault({ deploymentActors }: ResolvedDeploymentOptions): Fault | undefined {
  const names = (deploymentActors ?? []).map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice === -1) return undefined;
  const received = `${showValue(names[twice])} once more`;
  return { path: `deploymentActors[${twice}].name`, received, expected: "a name that no other actor of the list has" };
}
