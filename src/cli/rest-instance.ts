// An instance behind its REST API: Ray Serve's words on its admin port (reference 1), so that an instance on another
// machine can be asked. What only a control link can do is not here.
import { readEnv } from "../config/env.ts";
import type { ApplicationConfig } from "../config/serve-config.ts";
import { ServeError } from "../core/errors.ts";
import type {
  ApplicationStatus,
  DeploymentStatus,
  DeploymentStatusTrigger,
  ProxyStatus,
  ReplicaState,
} from "../model/status.ts";
import type { ApplicationPart, DeploymentPart, StatusPart } from "./status-part.ts";
import { UsageError } from "./usage-error.ts";

const APPLICATIONS = "api/serve/applications/";

/** Warnings of a PUT, in one line. */
const WARNINGS_HEADER = "x-manta-warnings";

/** What GET answers, as far as it is read here. */
interface Details {
  readonly proxies: Readonly<Record<string, { readonly status: ProxyStatus }>>;
  readonly applications: Readonly<Record<string, DetailsOfApplication>>;
  readonly target_capacity: number | null;
  readonly http_options?: { readonly port: number; readonly ssl_certfile: string | null } | null;
}

interface DetailsOfApplication {
  readonly route_prefix: string | null;
  readonly status: ApplicationStatus;
  readonly message: string;
  readonly last_deployed_time_s: number;
  readonly deployed_app_config?: ApplicationConfig | null;
  readonly deployments: Readonly<Record<string, DetailsOfDeployment>>;
}

interface DetailsOfDeployment {
  readonly status: DeploymentStatus;
  readonly status_trigger: DeploymentStatusTrigger;
  readonly message: string;
  readonly target_num_replicas: number;
  readonly replicas: readonly { readonly replica_id: string; readonly state: ReplicaState }[];
}

/** Everything rejects with ENGINE when nobody answers, else with what the server says. */
export class RestInstance {
  readonly #base: URL;

  /** @param address `http://host:port` of the admin server @throws {UsageError} anything else */
  constructor(address: string) {
    if (!/^https?:\/\//.test(address) || !URL.canParse(address)) {
      throw new UsageError(`--address: received ${JSON.stringify(address)}, expected such as http://127.0.0.1:8265`);
    }
    this.#base = new URL(`${address.replace(/\/+$/, "")}/`);
  }

  async status(): Promise<StatusPart> {
    const details = (await (await this.#ask("GET")).json()) as Details;
    const { http_options: http } = details;
    const scheme = typeof http?.ssl_certfile === "string" ? "https" : "http";
    return {
      proxies: details.proxies,
      applications: mapValues(details.applications, applicationOf),
      targetCapacity: details.target_capacity,
      http: http === null || http === undefined ? null : { url: `${scheme}://${this.#base.hostname}:${http.port}/` },
    };
  }

  /** Accepted when it resolves. @returns warnings */
  async deploy(document: unknown): Promise<readonly string[]> {
    const { headers } = await this.#ask("PUT", JSON.stringify(document));
    const warnings = headers.get(WARNINGS_HEADER);
    return warnings === null ? [] : [warnings];
  }

  /** Deletes all applications and ends the proxies; the admin server stays. */
  async shutdown(): Promise<void> {
    await this.#ask("DELETE");
  }

  async #ask(method: string, body?: string): Promise<Response> {
    const { adminToken } = readEnv();
    const headers = {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(adminToken === undefined ? {} : { authorization: `Bearer ${adminToken}` }),
    };
    const response = await fetch(new URL(APPLICATIONS, this.#base), { method, headers, body: body ?? null }).catch(
      (error: unknown) => {
        const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
        throw new ServeError("ENGINE", `nobody answers at ${this.#base.href}: ${why}`);
      },
    );
    if (response.ok) return response;
    const text = (await response.text()).trim();
    throw new ServeError("CONFIG_INVALID", `${this.#base.href} answered ${response.status}: ${text}`);
  }
}

function applicationOf(details: DetailsOfApplication, name: string): ApplicationPart {
  return {
    name,
    routePrefix: details.route_prefix,
    status: details.status,
    message: details.message,
    lastDeployedTimeS: details.last_deployed_time_s,
    deployedAppConfig: details.deployed_app_config ?? null,
    deployments: mapValues(details.deployments, deploymentOf),
  };
}

function deploymentOf(details: DetailsOfDeployment, name: string): DeploymentPart {
  return {
    name,
    status: details.status,
    statusTrigger: details.status_trigger,
    message: details.message,
    targetNumReplicas: details.target_num_replicas,
    replicas: details.replicas.map(({ replica_id: replicaId, state }) => ({ replicaId, state })),
  };
}

function mapValues<V, R>(values: Readonly<Record<string, V>>, map: (value: V, name: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
