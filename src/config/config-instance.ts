// What a config file says of the instance it is deployed to, as options of a start. An instance that runs keeps its own.
import { toCamelCase } from "./names.ts";
import type { InstanceOptions } from "./options.generated.ts";
import type { JsonObject, ServeConfig } from "./serve-config.ts";

/** Host of a config file that does not say (Ray Serve's default; reference 2.2). */
const HOST = "0.0.0.0";

/** @param config as it was parsed */
export function instanceOptionsOf(config: ServeConfig): InstanceOptions {
  const { http_options: http = {}, proxy_location: proxyLocation, logging_config: logging } = config;
  return {
    http: { host: HOST, ...camelCase(http) },
    ...(proxyLocation === undefined ? {} : { proxyLocation }),
    ...(logging === null || logging === undefined ? {} : { loggingConfig: camelCase(logging) }),
  };
}

function camelCase(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [toCamelCase(name), value]));
}
