// Brings the status of each deployment up to date, and what follows from a status: a rollout that was given up, a
// version that has proved itself. The decision itself is decide/status.ts.
//   R1  A rollout that fails with a healthy version before it is stalled: that version's memory of starts begins (D6).
//   R2  A deployment that is healthy needs no version to fall back to.
import { type ApplicationTarget, type DeploymentTarget } from "../model/target-state.ts";
import { afterHealthy, gaveUp, generationOf, healthyMemory } from "./decide/start-failures.ts";
import { type DeploymentFacts, type StatusInfo, afterStatusEvent, decideStatus } from "./decide/status.ts";
import { factsOf } from "./goals.ts";
import type { Journal } from "./journal.ts";
import type { ControllerState, DeploymentState } from "./state.ts";

export interface StatusParts {
  readonly state: ControllerState;
  readonly journal: Journal;
}

/** @param held why starts of a deployment are held back, or its size is kept, by its names; empty: neither */
export function updateStatuses(
  { state, journal }: StatusParts,
  held: (application: string, deployment: string) => string,
  nowMs: number,
): void {
  for (const application of state.applications.values()) {
    for (const target of application.deployments) {
      const { name } = target.spec;
      const deployment = state.deployment(application.name, name);
      const before = deployment.status;
      const facts = factsOf(
        target,
        deployment.scale.target,
        state.replicasOf(application.name, name),
        held(application.name, name),
        nowMs,
      );
      deployment.status = application.deleting
        ? afterStatusEvent(before, "delete", "")
        : decideStatus(before, facts, deployment.starts, deployment.failure);
      follow(deployment, target, facts);
      tell(journal, application.name, name, before, deployment.status);
    }
  }
  state.applications = withoutFallbacks(state);
}

/** R1 */
function follow(deployment: DeploymentState, target: DeploymentTarget, facts: DeploymentFacts): void {
  const { status, starts, failure } = deployment;
  const { startThreshold } = facts;
  if (status.status === "HEALTHY") {
    const isProven = facts.target > 0; // healthy without replicas says nothing of a version that was never started
    if (failure !== null) deployment.starts = healthyMemory(generationOf(target));
    else if (isProven) deployment.starts = afterHealthy(starts);
    deployment.failure = null;
  }
  const isOver = status.status === "DEPLOY_FAILED" && starts.rollout && gaveUp(starts, startThreshold);
  if (!isOver || failure !== null || target.fallback === null) return;
  deployment.failure = { generation: generationOf(target), message: status.message };
  deployment.starts = healthyMemory(generationOf(target.fallback));
}

/** R2 */
function withoutFallbacks(state: ControllerState): ControllerState["applications"] {
  const isDone = (application: ApplicationTarget, { spec, fallback }: DeploymentTarget): boolean =>
    fallback !== null && state.deployment(application.name, spec.name).status.status === "HEALTHY";
  const done = [...state.applications.values()].filter((a) => a.deployments.some((target) => isDone(a, target)));
  if (done.length === 0) return state.applications;
  const applications = new Map(state.applications);
  for (const application of done) {
    const deployments = application.deployments.map((target) =>
      isDone(application, target) ? { ...target, fallback: null } : target,
    );
    applications.set(application.name, { ...application, deployments });
  }
  return applications;
}

function tell(journal: Journal, application: string, name: string, before: StatusInfo, after: StatusInfo): void {
  if (after.status === before.status && after.trigger === before.trigger) return;
  const bad = after.status === "DEPLOY_FAILED" || after.status === "UNHEALTHY";
  const words = `${before.status} -> ${after.status} (${after.trigger})${after.message === "" ? "" : `: ${after.message}`}`;
  journal.deployment(application, name, "deployment.status", words, bad ? "warn" : "info");
}
