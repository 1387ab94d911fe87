// What a config file says of the instance that is started for it, as options of a start. One that runs keeps its own.
import { resolve } from "node:path";
import { documentOptions } from "./document-options.ts";
import { OPTIONS, type HttpOptions, type InstanceOptions, type LoggingOptions } from "./options.generated.ts";
import type { ServeConfig } from "./serve-config.ts";

/** @param workingDir absolute folder that relative paths of the config start from */
export function instanceOptionsOf(config: ServeConfig, workingDir: string): InstanceOptions {
  const { proxy_location: proxyLocation, logging_config: logging, http_options: httpOptions = {} } = config;
  const http: HttpOptions = documentOptions("http", httpOptions);
  for (const name of ["sslCertfile", "sslKeyfile", "sslCaCerts"] as const) {
    const file = http[name];
    if (file != null) http[name] = resolve(workingDir, file);
  }
  return {
    http: { host: OPTIONS.http.host.file.default, ...http },
    ...(proxyLocation === undefined ? {} : { proxyLocation }),
    ...(logging == null ? {} : { loggingConfig: documentOptions("logging", logging) as LoggingOptions }),
  };
}
