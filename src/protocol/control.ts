// The words on control links: who may ask whom for what. Bodies are plain values that cross (values.ts).
// Requests are answered once; notifications are not. Both directions may ask.
//   driver, cli  -> head     HeadMethods
//   head         -> replica  ReplicaMethods, -> proxy ProxyMethods, -> builder BuilderMethods, -> policy PolicyMethods,
//                   -> driver, cli VisitorMethods
// The change feed: a subscriber names keys; the head answers with the full state of each key and pushes every later
// version; the subscriber acknowledges what it has put into effect.
import type { ResolvedHttpOptions, ResolvedLoggingOptions } from "../config/options.generated.ts";
import type { ServeConfig } from "../config/serve-config.ts";
import type { Address } from "../model/address.ts";
import type { ApplicationSpec, PolicyRef } from "../model/application-spec.ts";
import type { AutoscalingContext, PolicyDecision } from "../model/autoscaling-context.ts";
import type { HistoryEntry, HistoryFilter } from "../model/history.ts";
import type { InstanceStatus } from "../model/status.ts";

export type { Address } from "../model/address.ts";

/** Roles in HELLO. */
export type Role = "driver" | "cli" | "replica" | "proxy" | "builder" | "policy" | "head";

export interface InstanceInfo {
  readonly version: string;
  readonly namespace: string;
  readonly pid: number;
  /** Of what started the head, while that lives. */
  readonly parentPid: number;
  readonly attached: boolean;
  readonly logsDir: string;
  readonly startTimeS: number;
}

export interface BuildOrder {
  /** `./dir/app.ts:app`, as the user wrote it. */
  readonly importPath: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Absolute folder that relative paths start from. */
  readonly workingDir: string;
  /** Environment variables of the builder, on top of the head's; absent: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** True: another build in the same place will follow, and a builder is kept ready for it. */
  readonly again?: boolean;
}

/** What a deploy by import path is called. Undefined: what an unguarded `serve.run` in the file says, else `default` and `/`. */
export interface DeployNames {
  readonly name: string | undefined;
  readonly routePrefix: string | null | undefined;
}

/** What a builder found: one application; several when the file is an unguarded `serve.runMany`. */
export interface BuildResult {
  readonly applications: readonly ApplicationSpec[];
}

/**
 * What changes the instance: an order that is asked again, of this head or of the next, is known by its id and not
 * carried out twice. Without one a repetition is a new order.
 */
export interface Order {
  readonly orderId?: string;
}

export interface HeadMethods {
  info: { in: null; out: InstanceInfo };
  /** Checks, checkpoints, and answers once the target is accepted; with `wait`, once RUNNING and acknowledged (D7) or failed. */
  deploy: { in: Order & { readonly applications: readonly ApplicationSpec[]; readonly wait: boolean }; out: null };
  /** Runs a builder for an import path and deploys what it returns under `name` and `routePrefix`. Answers like `deploy`. */
  run: {
    in: Order & BuildOrder & DeployNames & { readonly wait: boolean };
    out: { readonly applications: readonly { readonly name: string; readonly ingress: string }[] };
  };
  /** Answers once a proxy listens. @throws {ServeError} ENGINE when it cannot, naming the port and how to change it */
  ready: { in: null; out: null };
  status: { in: null; out: InstanceStatus };
  /** What was done and why, oldest first; of everything that the filter names. */
  history: { in: HistoryFilter; out: readonly HistoryEntry[] };
  /** Runs a builder and answers with what it found; nothing is deployed. */
  build: { in: BuildOrder & DeployNames; out: BuildResult };
  /**
   * Accepts a config file: checked and checkpointed when it is answered; with `wait`, once every application of it is
   * RUNNING and acknowledged (D7), or one has failed. Relative paths of the file start from `workingDir` (absolute).
   * @throws CONFIG_INVALID, for unknown keys too unless they are allowed; DEPLOY_FAILED with the reasons
   */
  deployConfig: {
    in: Order & {
      readonly document: unknown;
      readonly workingDir: string;
      readonly wait: boolean;
      readonly allowUnknownKeys: boolean;
    };
    out: { readonly warnings: readonly string[] };
  };
  /** The config file that holds, as it was accepted; null: none was. */
  config: { in: null; out: ServeConfig | null };
  /** Answers when the application's replicas are gone. */
  delete: { in: Order & { readonly name: string }; out: null };
  /** Drains and ends everything; answered before the head itself ends. */
  shutdown: { in: null; out: null };
  /**
   * Sees to it that somebody starts the head again when it dies: leaves a new supervisor behind for a detached head that
   * lost its own. That supervisor's first order is the head's end, so the answer comes from the next head.
   */
  supervise: { in: null; out: null };
  /** Name of a deployment, or of the application's ingress when `deployment` is null. @throws APPLICATION_NOT_FOUND, DEPLOYMENT_NOT_FOUND */
  locate: {
    in: { readonly application: string; readonly deployment: string | null };
    out: { readonly deployment: string };
  };
  /**
   * From now on the head sends `VisitorMethods.output`. Positions say where the asker stands, by replica id; replicas it
   * does not name begin at their start. Null: at the present end of everything. Answers where the asker stands now.
   */
  followOutput: { in: { readonly positions: OutputPositions | null }; out: { readonly positions: OutputPositions } };
  /** Adds keys to the sender's subscriptions. */
  subscribe: { in: { readonly keys: readonly string[] }; out: null };
  /** Takes keys from the sender's subscriptions. */
  unsubscribe: { in: { readonly keys: readonly string[] }; out: null };
}

/** What a replica needs to know to run its deployment. */
export interface LoadOrder {
  readonly application: string;
  readonly spec: ApplicationSpec["deployments"][number];
  /** True for the ingress of an application with a route: it must have `fetch`. */
  readonly exposed: boolean;
  readonly codeVersion: string;
  readonly rank: number;
  readonly worldSize: number;
  /** Of the deployment, else of the application, else of the instance. */
  readonly logging: ResolvedLoggingOptions;
}

export interface ReplicaMethods {
  /** Imports the code, constructs, `setup`, `reconfigure`, first health check. Fails with the user's error. */
  load: { in: LoadOrder & { readonly changedFiles: ReplicaReport["changedFiles"] }; out: null };
  /** New options that need no restart: limits, user config, logging, its place among the replicas, a route. */
  reconfigure: {
    in: Pick<LoadOrder, "spec" | "exposed" | "rank" | "worldSize" | "logging">;
    out: null;
  };
  checkHealth: { in: null; out: null };
  /** Refuse new calls, finish accepted ones, dispose, exit (D5). Answered at once. */
  drain: { in: { readonly graceMs: number }; out: null };
  metrics: { in: null; out: unknown };
}

export interface ProxyMethods {
  /** Binds the HTTP port. Fails with ENGINE naming the port when it is taken. */
  listen: { in: HttpListen; out: { readonly host: string; readonly port: number } };
  /** healthz answers 503; finish what is open, then exit. */
  drain: { in: { readonly graceMs: number }; out: null };
  metrics: { in: null; out: unknown };
}

/** How a proxy listens. */
export interface HttpListen extends ResolvedHttpOptions {}

export interface BuilderMethods {
  build: { in: BuildOrder & DeployNames; out: BuildResult };
}

/** What a user's autoscaling policy is asked. */
export interface PolicyQuestion {
  readonly policy: PolicyRef;
  /** `application`: one call for all contexts. */
  readonly scope: "deployment" | "application";
  readonly contexts: readonly AutoscalingContext[];
}

export interface PolicyMethods {
  /** Imports the policy, and makes it where it is a class. Fails with what is wrong with it. */
  load: { in: PolicyRef; out: null };
  /** By deployment name; what the policy says nothing of is left out. Fails with what it throws. */
  decide: { in: PolicyQuestion; out: Readonly<Record<string, PolicyDecision>> };
}

/** Bytes of each replica's output that a listener has, by replica id. */
export type OutputPositions = Readonly<Record<string, number>>;

/** What a replica printed. */
export interface ReplicaOutput {
  readonly application: string;
  readonly deployment: string;
  readonly replicaId: string;
  readonly lines: readonly string[];
  /** Bytes that were left out in front of the lines, because there were too many; else 0. */
  readonly skippedBytes: number;
  /** Where the replica's output goes on after them. */
  readonly position: number;
}

export interface VisitorMethods {
  /** Answered when the lines are dealt with; no further ones come before (after `followOutput` only). */
  output: { in: ReplicaOutput; out: null };
}

/** What a replica says of itself, on connect and on every change. */
export interface ReplicaReport {
  readonly phase: "idle" | "loading" | "ready" | "draining";
  readonly address: Address;
  readonly pid: number;
  /** Of the last `load`; null while idle. */
  readonly codeVersion: string | null;
  readonly rank: number;
  /** Number of replicas that it was told of last; 0 while idle. */
  readonly worldSize: number;
  readonly ongoing: number;
  /** Files that changed on disk between the deploy and this start; empty when none (D3). */
  readonly changedFiles: readonly string[];
  /** Ids of the multiplexed models that it holds or loads, least recent first. */
  readonly models: readonly string[];
  /** What the user's `recordRoutingStats` returned last; absent: nothing. */
  readonly stats?: Readonly<Record<string, unknown>>;
  /** Where the application's documentation is, as its ingress says; absent: nothing. */
  readonly docsPath?: string;
}

/** What a proxy says of itself, on connect and on every change. */
export interface ProxyReport {
  readonly phase: "starting" | "listening" | "draining";
  readonly host: string;
  readonly port: number;
  readonly pid: number;
}

/** Points of one measurement, oldest first: how long ago (milliseconds before the report was sent), and the value. */
export type AgedSeries = readonly (readonly [ageMs: number, value: number])[];

/** What a caller holds for one deployment that scales by itself. */
export interface ScalingReport {
  readonly application: string;
  readonly deployment: string;
  /** Calls that wait at the caller. */
  readonly queued: AgedSeries;
  /** Calls of the caller that are at replicas. */
  readonly ongoing: AgedSeries;
}

/** Notifications, by topic. */
export interface Notifications {
  /** replica -> head */
  "replica.report": ReplicaReport;
  /** proxy -> head */
  "proxy.report": ProxyReport;
  /** proxy, driver, replica -> head, at intervals, and at once for a call that waits for a first replica (A5) */
  "scaling.report": { readonly deployments: readonly ScalingReport[] };
  /** replica -> head: what the user's `recordAutoscalingStats` returned */
  "scaling.stats": { readonly stats: Readonly<Record<string, number>> };
  /** head -> subscriber */
  feed: { readonly changes: readonly FeedChange[] };
  /** subscriber -> head: the versions now in effect, by key */
  "feed.ack": { readonly versions: Readonly<Record<string, number>> };
}

export interface FeedChange {
  readonly key: string;
  readonly version: number;
  readonly value: RouteTableData | DeploymentTargets | ResolvedLoggingOptions;
}

/** Key of the instance's logging options in the feed, for proxies. */
export const LOGGING_KEY = "logging";

/** `DeploymentTargets.unavailable` of a deployment that is no more. */
export const WAS_DELETED = "was deleted";

/** Key of the route table in the feed. */
export const ROUTES_KEY = "routes";

/** Key of a deployment's targets in the feed. */
export function targetsKey(application: string, deployment: string): string {
  return `targets/${application}#${deployment}`;
}

/** Value of `routes`. */
export interface RouteTableData {
  readonly routes: readonly Route[];
}

export interface Route {
  readonly prefix: string;
  readonly application: string;
  /** The ingress; null: it is being built, and requests wait for the next table. */
  readonly deployment: string | null;
  /** Its build failed and nothing serves, so every request fails with DEPLOYMENT_UNAVAILABLE and this text. */
  readonly unavailable?: string;
}

/** Value of `targets/<application>#<deployment>`. */
export interface DeploymentTargets {
  readonly application: string;
  readonly deployment: string;
  /** Null: callers wait for replicas. A text: every call fails with DEPLOYMENT_UNAVAILABLE ("failed to deploy", `WAS_DELETED`). */
  readonly unavailable: string | null;
  readonly maxOngoingRequests: number;
  /** -1: no limit. */
  readonly maxQueuedRequests: number;
  /** What a caller whose queue is full is told; null: no time was said. Absent: Ray Serve's defaults. */
  readonly backpressure?: { readonly statusCode: 503 | 429; readonly retryAfterS: number | null };
  /** How callers choose a replica; absent: `pow2`. */
  readonly router?: {
    /** A built-in one's, or an absolute import path: `/app/router.ts:ByRegion`. */
    readonly name: string;
    readonly kwargs: Readonly<Record<string, unknown>>;
    /** Version of the deployment's code: another one loads a user's router anew. */
    readonly version?: string;
  };
  readonly replicas: readonly ReplicaTarget[];
  /** How callers report what they hold, milliseconds; absent: nobody wants to know. */
  readonly autoscaling?: { readonly metricsIntervalMs: number; readonly lookBackMs: number };
}

export interface ReplicaTarget {
  readonly id: string;
  readonly address: Address;
  readonly node: string;
  /** Chosen last: it misses heartbeats. */
  readonly suspect: boolean;
  /** Ids of the multiplexed models that it holds or loads; absent: none. */
  readonly models?: readonly string[];
  /** What its `recordRoutingStats` returned last; absent: nothing. */
  readonly stats?: Readonly<Record<string, unknown>>;
}
