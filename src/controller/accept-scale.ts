// Checks an external scaler's order and works out what it makes of a deployment. Pure: the controller checkpoints and
// adopts the result.
//   R1  Only for applications that say `externalScalerEnabled`; the number asked for is what the capacity's share is of.
import { fixedScale } from "../autoscaling/scale-after-deploy.ts";
import { ConfigError, ServeError } from "../core/errors.ts";
import { deploymentKey } from "../model/ids.ts";
import { afterStatusEvent } from "./decide/status.ts";
import { unknownApplication } from "./locate.ts";
import { noDeployment } from "./not-found.ts";
import type { ControllerState, DeploymentState } from "./state.ts";

/**
 * The deployment's next state; undefined: it has been asked for so many already.
 * @throws {ServeError} as `ControllerCommands.scale` says
 */
export function acceptScale(
  state: Pick<ControllerState, "applications" | "deployments" | "capacity">,
  application: string,
  deployment: string,
  replicas: number,
): DeploymentState | undefined {
  const target = state.applications.get(application);
  if (target === undefined) throw unknownApplication(state.applications, application);
  const spec = target.deployments.find((one) => one.spec.name === deployment)?.spec;
  const known = state.deployments.get(deploymentKey(application, deployment));
  if (spec === undefined || known === undefined) {
    const names = target.deployments.map((one) => one.spec.name);
    throw noDeployment(application, deployment, names);
  }
  if (target.deleting)
    throw refusal("deleting", `application ${application} is being deleted`, application, deployment);
  if (!target.externalScalerEnabled) {
    const message = `application ${application} takes no orders from an external scaler; set external_scaler_enabled: true in its config, or externalScalerEnabled in serve.run`;
    throw refusal("external scaler disabled", message, application, deployment);
  }
  if (!Number.isSafeInteger(replicas) || replicas < 0) {
    throw new ConfigError({ path: "target_num_replicas", received: String(replicas), expected: "an integer >= 0" });
  }
  if ((known.scale.external ?? spec.options.numReplicas) === replicas) return undefined;
  const scale = fixedScale({ ...known.scale, external: replicas }, spec.options.numReplicas, state.capacity); // R1
  const change = scale.target - known.scale.target;
  const event = change > 0 ? "scaleUp" : "scaleDown";
  return { ...known, scale, status: change === 0 ? known.status : afterStatusEvent(known.status, event, "") };
}

function refusal(reason: string, message: string, application: string, deployment: string): ServeError {
  return new ServeError("CONFIG_INVALID", message, { reason, application, deployment });
}
