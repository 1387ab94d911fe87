// What a config file says of the instance and a running instance does not follow: it keeps what it was started with (Ray).
// Pure.
import { toCamelCase } from "../config/names.ts";
import type { InstanceOptions } from "../config/options.generated.ts";
import type { ServeConfig } from "../config/serve-config.ts";
import type { InstanceStatus } from "../model/status.ts";

/** A line for each option that differs; only what the file says itself counts. @param said its options as a start takes them */
export function ignoredOptions(
  config: ServeConfig,
  said: Pick<InstanceOptions, "http">,
  running: Pick<InstanceStatus, "proxyLocation" | "httpOptions">,
): readonly string[] {
  const { proxy_location: location, http_options: http = {} } = config;
  const lines = running.httpOptions === null ? [] : differing(Object.keys(http), said.http ?? {}, running.httpOptions);
  if (location !== undefined && location !== running.proxyLocation) {
    lines.unshift(line("proxy_location", location, running.proxyLocation));
  }
  return [...lines, ...withoutEffect(config)];
}

/** What parses, as in Ray, and what this version does nothing with. */
function withoutEffect({ grpc_options, tracing_config, controller_options }: ServeConfig): string[] {
  const lines: string[] = [];
  const services = grpc_options?.["grpc_servicer_functions"];
  if (Array.isArray(services) && services.length > 0) {
    lines.push("grpc_options.grpc_servicer_functions: this version has no gRPC proxy");
  }
  if (tracing_config?.["enabled"] === true) lines.push("tracing_config.enabled: this version exports no traces");
  if (controller_options?.["runtime_env"] != null) {
    lines.push("controller_options.runtime_env: the head keeps the environment that it was started with");
  }
  return lines;
}

function differing(names: readonly string[], said: object, running: object): string[] {
  return names.flatMap((name) => {
    const value: unknown = said[toCamelCase(name) as never];
    const kept: unknown = running[toCamelCase(name) as never];
    const isAnyPort = name === "port" && value === 0;
    return kept === undefined || kept === value || isAnyPort ? [] : [line(`http_options.${name}`, value, kept)];
  });
}

function line(path: string, given: unknown, kept: unknown): string {
  const secret = path.endsWith("password");
  const values = secret ? "" : ` ${JSON.stringify(given)}; it keeps ${JSON.stringify(kept)}`;
  return `${path}: the running instance ignores${values === "" ? " the change" : values}`;
}
