// What the controller needs from its surroundings. The head fills it in.
import type { ResolvedHttpOptions, ResolvedLoggingOptions } from "../config/options.generated.ts";
import type { Engine, ProgramName } from "../engine/engine.ts";
import type { ProcessId } from "../model/ids.ts";
import type { Endpoint, InstanceStatus } from "../model/status.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { ProxyLinks, ReplicaLinks } from "./links.ts";
import type { PolicyRunner } from "./scaling-policies.ts";
import type { ControllerMeter } from "./meter.ts";

/** Who a new process will be. `epoch` counts the starts of one id; the controller never starts an id twice, so it is 1. */
export interface ProcessIdentity {
  readonly id: ProcessId;
  readonly epoch: number;
  readonly program: ProgramName;
}

/** How a new process finds the head and proves itself: arguments and environment that every child gets. */
export interface Bootstrap {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface ControllerOptions {
  readonly engine: Engine;
  readonly replicas: ReplicaLinks;
  readonly proxies: ProxyLinks;
  readonly policies: PolicyRunner;
  readonly feed: ChangeFeed;
  /** Default: measures nothing. */
  readonly meter?: ControllerMeter;
  readonly bootstrap: (identity: ProcessIdentity) => Bootstrap;
  /** HTTP server of the proxies; null: no proxies. Port 0 becomes the port that the first proxy got. */
  readonly http: ResolvedHttpOptions | null;
  /** As it was started; `Disabled` where `http` is null. */
  readonly proxyLocation: InstanceStatus["proxyLocation"];
  /** What programs log, where neither deployment nor application says otherwise. */
  readonly logging: ResolvedLoggingOptions;
  /** Of the head's process. */
  readonly pid: number;
  /** Working directory of the proxies, absolute. */
  readonly proxyDir: string;
  /** Asked for status; null: no admin server. */
  readonly admin: () => Endpoint | null;
}
