// The logger that user code imports: it forwards to the surrounding runtime and adds whose code is running.
import type { LogFields, Logger, LogLevel } from "../core/logger.ts";
import { currentRuntime, currentScope } from "./globals.ts";

function forward(level: LogLevel, event: string, fields: LogFields): void {
  const runtime = currentRuntime();
  const { replica } = runtime;
  const scope = currentScope();
  runtime.logger[level](event, {
    ...(replica && { application: replica.application, deployment: replica.deployment, replica: replica.replicaId }),
    ...(scope && { requestId: scope.facts.requestId, route: scope.facts.route }),
    ...fields,
  });
}

function createForwarder(bound: LogFields): Logger {
  const at = (level: LogLevel) => (event: string, fields?: LogFields) => forward(level, event, { ...bound, ...fields });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => createForwarder({ ...bound, ...fields }),
  };
}

/**
 * Structured log of user code: `logger.info("model.loaded", { ms: 120 })`. In a replica application, deployment and
 * replica are added, in a request its id. Outside of Manta it writes to standard error.
 */
export const logger: Logger = createForwarder({});
