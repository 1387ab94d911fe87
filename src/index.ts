// The public names of `manta-serve`, listed by hand (docs/reference/api.md has a section for each; a test compares).
// Imports api/ and core/ only: a replica that loads user code loads no driver. `serve` brings the driver by `import()`.
import { createServe, type Serve } from "./api/serve.ts";

export { replicaContext, requestContext } from "./api/context.ts";
export { deployment } from "./api/deployment.ts";
export { logger } from "./api/logger.ts";
export { sse } from "./api/sse.ts";
export {
  BackPressureError,
  ConfigError,
  DeploymentUnavailableError,
  ReplicaGoneError,
  RequestCancelledError,
  RequestTimeoutError,
  SerializationError,
  ServeError,
  UserCodeError,
  isServeError,
} from "./core/errors.ts";

/** Runs and manages applications: `await serve.run(app)`. */
export const serve: Serve = createServe(async () => (await import("./serve/driver.ts")).driver);
