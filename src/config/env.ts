// The one place that reads environment variables; only when called, never at import. Where an option and a variable
// mean the same, the option wins.
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { checkOption } from "./check-options.ts";

/** What the environment says, with defaults. */
export interface Environment {
  /** `MANTA_HOME`, absolute; `~/.manta` unless set. */
  readonly home: string;
  /** `MANTA_NAMESPACE`; `default` unless set. */
  readonly namespace: string;
  /** `MANTA_ADMIN_TOKEN`; undefined unless set. */
  readonly adminToken: string | undefined;
  /** `MANTA_DEV=1`: user stack traces and details reach HTTP clients. */
  readonly dev: boolean;
  /** `MANTA_METRICS_PREFIX`: first part of every metric's name; `ray_` unless set, may be empty. */
  readonly metricsPrefix: string;
  /** npm or npx is above this process, and passes on the signals that it gets itself. */
  readonly startedByNpm: boolean;
}

/**
 * Reads Manta's variables. Empty ones count as not set, except `MANTA_METRICS_PREFIX`.
 * @throws {ConfigError} a value that cannot be used, with the variable's name as path
 */
export function readEnv(env: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const namespace = env["MANTA_NAMESPACE"] || "default";
  checkOption("instance", "namespace", namespace, "MANTA_NAMESPACE");
  const adminToken = env["MANTA_ADMIN_TOKEN"] || undefined;
  if (adminToken !== undefined) checkOption("admin", "token", adminToken, "MANTA_ADMIN_TOKEN");
  const metricsPrefix = env["MANTA_METRICS_PREFIX"] ?? "ray_";
  if (!/^(?:[A-Za-z_:][A-Za-z0-9_:]*)?$/.test(metricsPrefix)) {
    throw new ConfigError({
      path: "MANTA_METRICS_PREFIX",
      received: JSON.stringify(metricsPrefix),
      expected: 'letters, digits, "_" and ":", not beginning with a digit; or nothing',
    });
  }
  return {
    home: resolve(env["MANTA_HOME"] || join(homedir(), ".manta")),
    namespace,
    adminToken,
    dev: env["MANTA_DEV"] === "1",
    metricsPrefix,
    startedByNpm: Boolean(env["npm_lifecycle_event"]),
  };
}
