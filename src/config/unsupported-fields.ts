// Options that parse everywhere but that only some engines can honour (compatibility.md, last line). Pure.
import type { ResolvedDeploymentOptions } from "./options.generated.ts";
import { isRouterName, isRouterPath, ROUTERS } from "./router-names.ts";

/** Engines that have Ray's placement groups, gangs, labels, actors and environments. */
const RAY_ENGINES: ReadonlySet<string> = new Set(["ray"]);

/** What only Ray has: the option, and whether it asks for something. */
const RAY_ONLY: readonly (readonly [option: string, isAsked: (options: ResolvedDeploymentOptions) => boolean])[] = [
  ["placementGroupBundles", (o) => o.placementGroupBundles !== null],
  ["gangSchedulingConfig", (o) => o.gangSchedulingConfig !== null],
  ["deploymentActors", (o) => (o.deploymentActors ?? []).length > 0],
  ["resources.labelSelector", (o) => Object.keys(o.resources.labelSelector ?? {}).length > 0],
  ["resources.fallbackStrategy", (o) => (o.resources.fallbackStrategy ?? []).length > 0],
  ["runtimeEnv.pip", (o) => (o.runtimeEnv.pip ?? []).length > 0],
];

/**
 * One sentence for each option that a deploy must be refused for, because nobody would honour it.
 * @param engine name of the engine that would run the replicas: `local`
 */
export function unsupportedFields(options: ResolvedDeploymentOptions, engine: string): readonly string[] {
  const asked = RAY_ENGINES.has(engine) ? [] : RAY_ONLY.filter(([, isAsked]) => isAsked(options));
  const sentences = asked.map(([option]) => `${option}: the ${engine} engine cannot honour it; an engine on Ray can`);
  const router = options.requestRouterConfig.requestRouterClass;
  if (isRouterName(router) || isRouterPath(router)) return sentences;
  const known = `it has ${ROUTERS.join(", ")}, and takes an import path such as ./router.ts:MyRouter`;
  const sentence = `requestRouterConfig.requestRouterClass: there is no router ${JSON.stringify(router)}; ${known}`;
  return [...sentences, sentence];
}
