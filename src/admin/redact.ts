// Takes the values of environment variables out of an answer: a browser gets their names only (reference 1.2). Pure.
import { isObject } from "../config/json-value.ts";

const REDACTED = "<redacted>";

/** A copy in which each value of `env_vars` of each `runtime_env`, however deep, is `<redacted>`. */
export function redactRuntimeEnvs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactRuntimeEnvs);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    key === "runtime_env" ? redactEnvVars(inner) : redactRuntimeEnvs(inner),
  ]);
  return Object.fromEntries(entries);
}

function redactEnvVars(runtimeEnv: unknown): unknown {
  if (!isObject(runtimeEnv) || !isObject(runtimeEnv["env_vars"])) return runtimeEnv;
  const names = Object.keys(runtimeEnv["env_vars"]);
  return { ...runtimeEnv, env_vars: Object.fromEntries(names.map((name) => [name, REDACTED])) };
}
