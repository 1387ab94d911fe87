// In which order the deployments of an application end: callers before those they call, so that a request which was
// accepted can still finish with all the calls it makes (D5). Pure.
import type { ApplicationTarget } from "../../model/target-state.ts";

/**
 * Deployments of an application being deleted that may stop now: the ingress, then from the last bound to the first,
 * each when no replica of those before it is left.
 * @param alive replicas by deployment, in whatever phase
 */
export function deploymentsToStop(target: ApplicationTarget, alive: ReadonlyMap<string, number>): ReadonlySet<string> {
  const names = [...target.retired, ...target.deployments].map(({ spec }) => spec.name);
  const order = [target.ingress, ...names.reverse().filter((name) => name !== target.ingress)];
  const first = order.findIndex((name) => (alive.get(name) ?? 0) > 0);
  return new Set(first === -1 ? order : order.slice(0, first + 1));
}

/**
 * True when the retired deployments of an application may stop: no replica of an earlier graph is left to call them.
 * @param versions code versions of the replicas by deployment, in whatever phase
 */
export function mayDropRetired(target: ApplicationTarget, versions: ReadonlyMap<string, readonly string[]>): boolean {
  return target.deployments.every(
    ({ spec, codeVersion }) => versions.get(spec.name)?.every((version) => version === codeVersion) ?? true,
  );
}
