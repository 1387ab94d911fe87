// Which options of placement go together (reference 2.4). Pure.
import { showValue } from "./check-rule.ts";
import type { ResolvedDeploymentOptions } from "./options.generated.ts";

/** What is wrong with options together. */
export interface OptionsFault {
  /** From the deployment to the option: `autoscalingConfig.maxReplicas`. */
  readonly path: string;
  readonly received: string;
  readonly expected: string;
}

/** Options as far as they are known: null says that there is none, undefined that another place may have it. */
type KnownOptions = Partial<ResolvedDeploymentOptions>;

/** What placement groups, gangs and limits per node ask of each other: the first contradiction. */
export function placementFault(options: KnownOptions): OptionsFault | undefined {
  return bundleFault(options) ?? gangFault(options) ?? actorFault(options);
}

function bundleFault(options: KnownOptions): OptionsFault | undefined {
  const { maxReplicasPerNode, placementGroupBundles: bundles, placementGroupStrategy: strategy } = options;
  const selector = options.placementGroupBundleLabelSelector ?? null;
  const selectorPath = "placementGroupBundleLabelSelector";
  if (bundles == null) {
    const expected = "placementGroupBundles beside it";
    if (bundles === null && strategy != null)
      return { path: "placementGroupStrategy", received: showValue(strategy), expected };
    return selector === null ? undefined : { path: selectorPath, received: "a list", expected };
  }
  if (maxReplicasPerNode != null) {
    return {
      path: "maxReplicasPerNode",
      received: showValue(maxReplicasPerNode),
      expected: "nothing beside placementGroupBundles",
    };
  }
  if (selector !== null && selector.length !== 1 && selector.length !== bundles.length) {
    const expected = bundles.length === 1 ? "one selector" : `1 or ${bundles.length} selectors, one for each bundle`;
    return { path: selectorPath, received: `${selector.length} selectors`, expected };
  }
  return options.resources === undefined ? undefined : firstBundleFault(options.resources, bundles[0]);
}

/** The first bundle holds the replica itself. */
function firstBundleFault(
  resources: ResolvedDeploymentOptions["resources"],
  bundle: Readonly<Record<string, number>> | undefined,
): OptionsFault | undefined {
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

function gangFault(options: KnownOptions): OptionsFault | undefined {
  const { gangSchedulingConfig: gang, maxReplicasPerNode, placementGroupStrategy, autoscalingConfig } = options;
  if (gang == null) return undefined;
  const beside = { maxReplicasPerNode, placementGroupStrategy };
  const excluded = Object.entries(beside).find(([, value]) => value != null);
  if (excluded !== undefined) {
    return { path: excluded[0], received: showValue(excluded[1]), expected: "nothing beside gangSchedulingConfig" };
  }
  const { minReplicas, maxReplicas, initialReplicas } = autoscalingConfig ?? {};
  const scaled = {
    "autoscalingConfig.minReplicas": minReplicas,
    "autoscalingConfig.maxReplicas": maxReplicas,
    "autoscalingConfig.initialReplicas": initialReplicas,
  };
  const numbers = autoscalingConfig == null ? { numReplicas: options.numReplicas } : scaled;
  const odd = Object.entries(numbers).find(([, number]) => typeof number === "number" && number % gang.gangSize !== 0);
  if (odd === undefined) return undefined;
  return { path: odd[0], received: showValue(odd[1]), expected: `a multiple of gangSize (${gang.gangSize})` };
}

function actorFault({ deploymentActors }: KnownOptions): OptionsFault | undefined {
  const names = (deploymentActors ?? []).map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice === -1) return undefined;
  const expected = "a name that no other actor of the list has";
  return { path: `deploymentActors[${twice}].name`, received: showValue(names[twice]), expected };
}
