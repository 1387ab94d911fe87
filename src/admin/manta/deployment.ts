// `GET /api/manta/v1/applications/{application}/deployments/{deployment}`: its effective options and where each comes
// from, and what its autoscaler sees and did.
import type { OptionOrigin } from "../../config/config-types.ts";
import { toCamelCase, toSnakeCase, RAY_ACTOR_OPTIONS } from "../../config/names.ts";
import { deploymentSchemaOf, loggingSchemaOf } from "../../config/to-ray-schema.ts";
import { noApplication, noDeployment } from "../../controller/not-found.ts";
import type { AutoscalingDetails, DeploymentDetails, InstanceStatus } from "../../model/status.ts";
import type { AdminParts } from "../admin-parts.ts";
import { json } from "../exchange.ts";
import type { Route } from "../match-route.ts";
import { redactRuntimeEnvs } from "../redact.ts";
import { formatAutoscaling } from "../rest/format-autoscaling.ts";

export function deploymentRoute({ commands }: AdminParts): Route {
  return {
    method: "GET",
    path: "/api/manta/v1/applications/{application}/deployments/{deployment}",
    answer: ({ params: { application = "", deployment = "" }, isBrowser }) => {
      const details = formatDeployment(application, findDeployment(commands.status(), application, deployment));
      return json(200, isBrowser ? redactRuntimeEnvs(details) : details);
    },
  };
}

/** @throws {ServeError} APPLICATION_NOT_FOUND, DEPLOYMENT_NOT_FOUND, both naming what exists */
function findDeployment({ applications }: InstanceStatus, application: string, deployment: string): DeploymentDetails {
  const found = Object.values(applications).find(({ name }) => name === application);
  if (found === undefined) throw noApplication(application, Object.keys(applications));
  const one = Object.values(found.deployments).find(({ name }) => name === deployment);
  if (one !== undefined) return one;
  throw noDeployment(application, deployment, Object.keys(found.deployments));
}

function formatDeployment(application: string, deployment: DeploymentDetails): object {
  const { autoscaling } = deployment;
  return {
    application,
    name: deployment.name,
    status: deployment.status,
    status_trigger: deployment.statusTrigger,
    message: deployment.message,
    code_version: deployment.codeVersion,
    target_num_replicas: deployment.targetNumReplicas,
    calls: deployment.calls,
    options: formatOptions(deployment),
    autoscaling: autoscaling === null ? null : formatOwnAutoscaling(autoscaling),
  };
}

/** Each option by the name that config files use: `{ value, origin }`. What is unset and has no default is null. */
function formatOptions({ name, options, origins }: DeploymentDetails): Readonly<Record<string, object>> {
  const unset = Object.entries(options).filter(([, value]) => value === null);
  const { loggingConfig, maxConstructorRetryCount, userConfig } = options;
  const { name: _name, ...schema } = deploymentSchemaOf(options, name);
  const values = {
    ...Object.fromEntries(unset.map(([key]) => [toSnakeCase(key), null])),
    ...schema,
    // Ray's schema has not all there is: these two it leaves out, and of the first it takes objects only.
    user_config: userConfig,
    max_constructor_retry_count: maxConstructorRetryCount,
    logging_config: loggingConfig === null ? null : loggingSchemaOf(loggingConfig),
  };
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, { value, origin: originOf(key, origins) }]),
  );
}

/** Two of our options are one of Ray's: what was set of them counts. */
function originOf(key: string, origins: DeploymentDetails["origins"]): OptionOrigin {
  const names = key === RAY_ACTOR_OPTIONS.snake ? RAY_ACTOR_OPTIONS.camel : [toCamelCase(key)];
  return names.map((name) => origins[name] ?? "default").find((origin) => origin !== "default") ?? "default";
}

/** Ray's form and why; names of metrics are the policy's and stay as they are. */
function formatOwnAutoscaling(autoscaling: AutoscalingDetails): object {
  const { reason, metrics } = autoscaling;
  return { ...formatAutoscaling(autoscaling), reason, metrics };
}
