// What a config file says of the instance it is deployed to, as options of a start. An instance that runs keeps its own.
import { documentOptions } from "./document-options.ts";
import type { HttpOptions, InstanceOptions, LoggingOptions } from "./options.generated.ts";
import type { ServeConfig } from "./serve-config.ts";

/** Host where a config file names none (Ray Serve's default; reference 2.2). */
const HOST = "0.0.0.0";

/** @param config as it was parsed */
export function instanceOptionsOf(config: ServeConfig): InstanceOptions {
  const { http_options: http = {}, proxy_location: proxyLocation, logging_config: logging } = config;
  return {
    http: { host: HOST, ...(documentOptions("http", http) as HttpOptions) },
    ...(proxyLocation === undefined ? {} : { proxyLocation }),
    ...(logging == null ? {} : { loggingConfig: documentOptions("logging", logging) as LoggingOptions }),
  };
}
