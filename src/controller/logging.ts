// Which logging options hold: those of the deployment (which has taken over its application's), else the instance's.
// Pure. The instance's are what the accepted config says, else what the head was started with.
import type { ResolvedLoggingOptions } from "../config/options.generated.ts";
import { loggingOf } from "../config/effective-options.ts";
import type { DeploymentTarget } from "../model/target-state.ts";
import type { ControllerState } from "./state.ts";

/** The instance's options. @param started what the head was started with */
export function instanceLogging(
  { config }: Pick<ControllerState, "config">,
  started: ResolvedLoggingOptions,
): ResolvedLoggingOptions {
  return loggingOf(config?.document.logging_config) ?? started;
}

/** What a replica logs. @param instance the instance's options */
export function replicaLogging({ spec }: DeploymentTarget, instance: ResolvedLoggingOptions): ResolvedLoggingOptions {
  return spec.options.loggingConfig ?? instance;
}
