// Rules that span several options of an instance, and defaults that come from elsewhere: option before environment
// before default. Those of a deployment: resolve-deployment.ts.
import { resolve } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { checkOptions, resolveOptions } from "./check-options.ts";
import { showValue } from "./check-rule.ts";
import type { Environment } from "./env.ts";
import { isLoopback } from "./hosts.ts";
import type { InstanceOptions, ResolvedHttpOptions, ResolvedInstanceOptions } from "./options.generated.ts";

/** Everything that starts an instance. */
export interface ResolvedInstance extends ResolvedInstanceOptions {
  readonly namespace: string;
  /** False: a taken admin port may be replaced by a free one. */
  readonly adminPortChosen: boolean;
}

/**
 * Checks and completes what starts an instance.
 * @param path where the options stand, as messages show it: `serve.start`
 * @throws {ConfigError} a wrong option, or an admin server that others can reach without a token
 */
export function resolveInstance(input: InstanceOptions | undefined, env: Environment, path: string): ResolvedInstance {
  checkOptions("instance", input, path);
  const resolved = resolveOptions("instance", input);
  const token = resolved.admin.token ?? env.adminToken;
  const { host } = resolved.admin;
  if (token === undefined && !isLoopback(host)) {
    throw new ConfigError({
      path: `${path}.admin.host`,
      received: `${showValue(host)} without a token`,
      expected: "a loopback address, or a token in admin.token or MANTA_ADMIN_TOKEN",
    });
  }
  return {
    ...resolved,
    http: resolveTls(resolved.http, env, path),
    admin: { ...resolved.admin, token },
    namespace: resolved.namespace ?? env.namespace,
    adminPortChosen: input?.admin?.port !== undefined,
  };
}

/** Files are named from where the options were written, for the proxy runs elsewhere. A key alone is none (reference 2.2). */
function resolveTls(http: ResolvedHttpOptions, env: Environment, path: string): ResolvedHttpOptions {
  const { sslCertfile, sslKeyfile, sslCaCerts, sslKeyfilePassword } = http;
  if (sslCertfile !== null && sslKeyfile === null) {
    throw new ConfigError({
      path: `${path}.http`,
      received: "sslCertfile without sslKeyfile",
      expected: "both sslKeyfile and sslCertfile, to enable HTTPS",
    });
  }
  const absolute = (file: string | null): string | null => (file === null ? null : resolve(file));
  return {
    ...http,
    sslCertfile: absolute(sslCertfile),
    sslKeyfile: absolute(sslKeyfile),
    sslCaCerts: absolute(sslCaCerts),
    sslKeyfilePassword: sslKeyfilePassword ?? env.sslKeyfilePassword ?? null,
  };
}
