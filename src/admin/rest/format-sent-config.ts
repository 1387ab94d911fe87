// What a config file said of an application, echoed (reference 1.4: deployed_app_config). Pure.
//   R1  It is what was sent, no field more and none less, but for folders: Ray's clients refuse a `working_dir` that is no
//       URI, here it may be a path. An absolute one is shown as `local://` URI, a relative one is left out.
import { isObject } from "../../config/json-value.ts";
import { workingDirUri } from "../../config/to-ray-schema.ts";
import type { ApplicationConfig, JsonObject } from "../../config/serve-config.ts";

export function formatSentConfig(config: ApplicationConfig | null): object | null {
  if (config === null) return null;
  const { deployments } = config;
  return {
    ...withUris(config),
    ...(deployments === undefined ? {} : { deployments: deployments.map(formatSentDeployment) }),
  };
}

function formatSentDeployment(deployment: JsonObject): JsonObject {
  const { ray_actor_options: options } = deployment;
  return isObject(options) ? { ...deployment, ray_actor_options: withUris(options) } : deployment;
}

/** With the folder of its `runtime_env` as a URI (R1). */
function withUris(holder: JsonObject): JsonObject {
  const { runtime_env: environment } = holder;
  if (!isObject(environment) || typeof environment["working_dir"] !== "string") return holder;
  const { working_dir: folder, ...rest } = environment;
  const uri = workingDirUri(folder as string);
  return { ...holder, runtime_env: uri.includes("://") ? { ...environment, working_dir: uri } : rest };
}
