// What user code asks about its surroundings.
import { ServeError } from "../core/errors.ts";
import { currentRuntime, currentScope } from "./globals.ts";
import type { ReplicaContext } from "./runtime.ts";
import type { RequestContext } from "./types.ts";

/**
 * The request that the running code belongs to: id, application, deployment, route, `signal`, deadline. Nested calls
 * inherit id, deadline and cancellation without being told.
 * @throws {ServeError} CONFIG_INVALID outside of a request: in a constructor, at module level, in a driver
 */
export function requestContext(): RequestContext {
  const scope = currentScope();
  if (scope !== undefined) return scope.context;
  throw new ServeError(
    "CONFIG_INVALID",
    "requestContext(): no request is running here; call it inside a method or function that answers a request, " +
      "not in a constructor, in setup() or at module level",
  );
}

/**
 * The replica that the running code belongs to. Works in constructors and lifecycle methods, too.
 * @throws {ServeError} CONFIG_INVALID outside of a replica: in a driver, in a plain unit test
 */
export function replicaContext(): ReplicaContext {
  const { replica } = currentRuntime();
  if (replica !== undefined) return replica;
  throw new ServeError(
    "CONFIG_INVALID",
    "replicaContext(): this code does not run in a replica; call it from a deployment's constructor or methods, " +
      "and in a test run the application by `runInMemory(app)` of manta-serve/testing",
  );
}
