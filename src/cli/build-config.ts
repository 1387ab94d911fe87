// The config file that `manta build` writes: Ray Serve's, for applications that were built. Pure.
import { resolveOptions } from "../config/check-options.ts";
import { OPTIONS } from "../config/options.generated.ts";
import type { DeploymentConfig, ServeConfig } from "../config/serve-config.ts";
import { loggingSchemaOf } from "../config/to-ray-schema.ts";
import { ServeError } from "../core/errors.ts";
import type { DeploymentSpec } from "../model/application-spec.ts";
import type { BuildResult } from "../protocol/control.ts";
import { toFileForm } from "./file-form.ts";

/** One built import path, as the file will name it. */
export interface BuiltPath {
  readonly importPath: string;
  readonly result: BuildResult;
}

/**
 * A config with every field that Ray's `serve build` writes: applications are `app1`, `app2`, ..., on `/` where there is
 * one, else on `/app1`, `/app2`, ...; deployments have the options that their code sets.
 * @throws {ServeError} DEPLOY_FAILED: a file that runs several applications
 */
export function configOf(built: readonly BuiltPath[]): ServeConfig {
  return {
    proxy_location: "EveryNode",
    http_options: { host: "0.0.0.0", port: OPTIONS.http.port.default },
    grpc_options: { port: 9000, grpc_servicer_functions: [], enable_reflection: true },
    logging_config: loggingSchemaOf(resolveOptions("logging", {})),
    applications: built.map(({ importPath, result }, index) => {
      const [application, ...others] = result.applications;
      if (application === undefined || others.length > 0) {
        const message = `${importPath} runs ${result.applications.length} applications; export each and name it: ${importPath}:<export>`;
        throw new ServeError("DEPLOY_FAILED", message);
      }
      const name = `app${index + 1}`;
      return {
        name,
        route_prefix: built.length === 1 ? "/" : `/${name}`,
        import_path: importPath,
        runtime_env: {},
        deployments: application.deployments.map(deploymentConfigOf),
      };
    }),
  };
}

function deploymentConfigOf({ name, input }: DeploymentSpec): DeploymentConfig {
  const { name: _, ...options } = toFileForm(OPTIONS.deployment, input);
  return { name, ...options };
}
