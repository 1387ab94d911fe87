// REST clients for tests: what Ray's command and KubeRay send, over fetch.
import { systemClock } from "../../src/core/clock.ts";

/** The parts of GET's answer that tests look at. */
export interface RestDetails {
  readonly controller_info: { readonly node_id?: string };
  readonly proxies: Readonly<Record<string, { readonly status: string }>>;
  readonly applications: Readonly<Record<string, RestApplication>>;
  readonly target_capacity: number | null;
  readonly target_groups?: readonly { readonly targets: readonly { readonly port: number }[] }[];
}

export interface RestApplication {
  readonly status: string;
  readonly message: string;
  readonly source: string;
  readonly deployed_app_config: unknown;
  readonly deployments: Readonly<
    Record<
      string,
      {
        readonly status: string;
        readonly target_num_replicas: number;
        readonly replicas: readonly { replica_id: string }[];
      }
    >
  >;
}

export const APPLICATIONS = "/api/serve/applications/";

/** Answer of GET where nothing runs. */
export const SKELETON = { controller_info: {}, proxies: {}, applications: {}, target_capacity: null };

export class RestClient {
  readonly #url: string;

  /** @param url of the admin server */
  constructor(url: string) {
    this.#url = url;
  }

  request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(this.#url + path, { method, headers: { "content-type": "application/json", ...headers }, ...content });
  }

  /** @returns status and text */
  async ask(method: string, path: string, body?: unknown): Promise<[number, string]> {
    const response = await this.request(method, path, body);
    return [response.status, await response.text()];
  }

  async details(query = ""): Promise<RestDetails> {
    return (await (await this.request("GET", APPLICATIONS + query)).json()) as RestDetails;
  }

  put(config: unknown): Promise<[number, string]> {
    return this.ask("PUT", APPLICATIONS, config);
  }

  remove(): Promise<[number, string]> {
    return this.ask("DELETE", APPLICATIONS);
  }

  scale(application: string, deployment: string, replicas: unknown): Promise<[number, string]> {
    const path = `/api/v1/applications/${application}/deployments/${deployment}/scale`;
    return this.ask("POST", path, { target_num_replicas: replicas });
  }

  /** An answer of /api/manta/v1/. */
  async manta(path: string): Promise<Record<string, unknown>> {
    return (await (await this.request("GET", `/api/manta/v1${path}`)).json()) as Record<string, unknown>;
  }

  /** Looks until an application has a status. */
  async reaches(application: string, status: string, limitMs = 10_000): Promise<RestApplication> {
    const startMs = systemClock.monotonic();
    for (;;) {
      const found = (await this.details()).applications[application];
      if (found?.status === status) return found;
      if (systemClock.monotonic() - startMs > limitMs) {
        throw new Error(`${application} is ${found?.status}, not ${status}: ${found?.message}`);
      }
      await systemClock.sleep(20);
    }
  }
}
