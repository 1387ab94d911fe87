// The one place that reads environment variables; only when called, never at import. Where an option and a variable
// mean the same, the option wins.
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { checkOption } from "./check-options.ts";

/** Bounds of histograms by what they are about. */
type Buckets = Readonly<
  Partial<Record<"request" | "startup" | "modelLoad" | "batchUtilization" | "batchSize", readonly number[]>>
>;

/** What the environment says, with defaults. */
export interface Environment {
  /** `MANTA_HOME`, absolute; `~/.manta` unless set. */
  readonly home: string;
  /** `MANTA_NAMESPACE`; `default` unless set. */
  readonly namespace: string;
  /** `MANTA_ADMIN_TOKEN`; undefined unless set. */
  readonly adminToken: string | undefined;
  /** `MANTA_SSL_KEYFILE_PASSWORD`; undefined unless set. */
  readonly sslKeyfilePassword: string | undefined;
  /** `MANTA_DEV=1`: user stack traces and details reach HTTP clients. */
  readonly dev: boolean;
  /** `MANTA_METRICS_PREFIX`: first part of every metric's name; `ray_` unless set, may be empty. */
  readonly metricsPrefix: string;
  /** False with `MANTA_METRICS=0`: no request is counted, `/metrics` has only what the head knows. */
  readonly metrics: boolean;
  /** Bounds of histograms (reference 6), milliseconds where they are latencies; a set that is not named keeps its own. */
  readonly buckets: Buckets;
  /** `RAY_SERVE_LOG_CLIENT_ADDRESS=1`: access lines of proxies begin with the client's address. */
  readonly logClientAddress: boolean;
  /** `CUDA_VISIBLE_DEVICES`: the gpus that may be used; undefined unless set, and then all may. */
  readonly visibleGpus: string | undefined;
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
    sslKeyfilePassword: env["MANTA_SSL_KEYFILE_PASSWORD"] || undefined,
    dev: env["MANTA_DEV"] === "1",
    metricsPrefix,
    metrics: env["MANTA_METRICS"] !== "0",
    buckets: {
      ...readBuckets(env, "request", "RAY_SERVE_REQUEST_LATENCY_BUCKETS_MS", "REQUEST_LATENCY_BUCKETS_MS"),
      ...readBuckets(env, "startup", "RAY_SERVE_REPLICA_STARTUP_SHUTDOWN_LATENCY_BUCKETS_MS"),
      ...readBuckets(env, "modelLoad", "RAY_SERVE_MODEL_LOAD_LATENCY_BUCKETS_MS", "MODEL_LOAD_LATENCY_BUCKETS_MS"),
      ...readBuckets(env, "batchUtilization", "RAY_SERVE_BATCH_UTILIZATION_BUCKETS_PERCENT"),
      ...readBuckets(env, "batchSize", "RAY_SERVE_BATCH_SIZE_BUCKETS"),
    },
    logClientAddress: env["RAY_SERVE_LOG_CLIENT_ADDRESS"] === "1",
    visibleGpus: env["CUDA_VISIBLE_DEVICES"],
    startedByNpm: Boolean(env["npm_lifecycle_event"]),
  };
}

/** What is the head's alone. */
const SECRETS: ReadonlySet<string> = new Set(["MANTA_ADMIN_TOKEN", "MANTA_SSL_KEYFILE_PASSWORD"]);

/** The environment for processes that a head starts, most of which run users' code: without the head's secrets. */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRETS.has(name)));
}

/** The first of the variables that is set: bounds, separated by commas. */
function readBuckets(
  env: Readonly<Record<string, string | undefined>>,
  set: keyof Buckets,
  ...names: readonly string[]
): Buckets {
  const name = names.find((one) => env[one]);
  if (name === undefined) return {};
  const bounds = (env[name] as string).split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (bounds.every((bound, i) => Number.isFinite(bound) && bound > (bounds[i - 1] ?? 0))) return { [set]: bounds };
  throw new ConfigError({
    path: name,
    received: JSON.stringify(env[name]),
    expected: "positive numbers, strictly ascending, separated by commas",
  });
}
