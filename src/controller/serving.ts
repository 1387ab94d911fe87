// How the proxies listen. Pure but for the folder that a config's paths start from.
//   R1  As the head was started, and a config file changes nothing of it (Ray): a proxy cannot change its port.
//   R2  But where everything had been removed and nothing runs, the config file that comes next says it, in what it says
//       itself, until everything is removed again.
import { resolveOptions } from "../config/check-options.ts";
import { instanceOptionsOf } from "../config/config-instance.ts";
import type { ResolvedHttpOptions } from "../config/options.generated.ts";
import type { ServeConfig } from "../config/serve-config.ts";

/** Where proxies listen. */
type Address = Pick<ResolvedHttpOptions, "host" | "port">;

export interface Serving {
  /** HTTP server of the proxies; null: no proxies. */
  readonly http: ResolvedHttpOptions | null;
  readonly proxyLocation: "Disabled" | "HeadOnly" | "EveryNode";
}

/**
 * What holds now.
 * @param config the config file that was accepted last
 * @param started what the head was started with
 */
export function servingNow(config: { readonly serving: Serving | null } | null, started: Serving): Serving {
  return config?.serving ?? started; // R1
}

/** What a config file makes of it (R2). @param workingDir absolute folder that its paths start from */
export function servingOf(config: ServeConfig, workingDir: string, started: Serving): Serving {
  const { http: given = {}, proxyLocation = started.proxyLocation } = instanceOptionsOf(config, workingDir);
  if (proxyLocation === "Disabled") return { http: null, proxyLocation };
  const base = started.http ?? resolveOptions("http", {});
  // A file without a host does not open the proxies to other machines: that takes its own word.
  const host = config.http_options?.["host"] === undefined ? base.host : (given.host ?? base.host);
  return { http: resolveOptions("http", { ...base, ...given, host }), proxyLocation };
}

/** Where they will listen then: as before where the file does not say it (R2). @param before null: nowhere yet */
export function addressOf(
  { http_options: given }: ServeConfig,
  { http }: Serving,
  before: Address | null,
): Address | null {
  if (before === null || http === null) return null;
  return { host: http.host, port: given?.["port"] === undefined ? before.port : http.port };
}
