// What drivers, the CLI and REST may ask of the controller. `admin/` sees this interface only; `head/` wires it.
import type { ServeConfig } from "../config/serve-config.ts";
import type { ServeError } from "../core/errors.ts";
import type { VersionedApplication } from "../model/target-state.ts";
import type { HistoryEntry, HistoryFilter } from "../model/history.ts";
import type { InstanceStatus } from "../model/status.ts";
import type { BuildTask } from "./accept-config.ts";

/** Commands to, and read models of, the controller. */
export interface ControllerCommands {
  /**
   * Accepts applications, all or none: checked, checkpointed, routed. What they cost is decided on the next tick.
   * @throws {ConfigError} two applications on one prefix, a name with `#`, an unknown ingress, no deployments
   * @throws {ServeError} ENGINE when the store refuses
   */
  deploy(applications: readonly VersionedApplication[]): void;
  /**
   * Runs `accept`, a command that returns at once, unless this order was accepted before, by this head or an earlier one.
   * The order is checkpointed together with what it changes.
   * @param id undefined: it cannot be known again
   * @throws what `accept` throws; the order is not accepted then
   */
  order(id: string | undefined, applications: readonly string[], accept: () => void): void;
  /** The applications of an order that was accepted; undefined: it was not, or long ago. */
  acceptedOrder(id: string): readonly string[] | undefined;
  /**
   * Accepts a config file: checked, checkpointed, routed. Declared applications that it does not name go. Requests to
   * those that it names wait for the builds, which are for the caller to run; what serves already serves on.
   * @param workingDir absolute folder that relative paths start from
   * @returns what has to be built: every application of the file
   * @throws {ConfigError} a prefix that another application has
   * @throws {ServeError} ENGINE when the store refuses, DEPLOY_FAILED at the instance's end
   */
  acceptConfig(config: ServeConfig, workingDir: string): readonly BuildTask[];
  /** What has been accepted and not been built: after a restart, what an earlier head did not get to. */
  pendingBuilds(): readonly BuildTask[];
  /** What came of a build; nothing happens when a later file, deploy or delete has made it void. */
  finishBuild(task: BuildTask, outcome: VersionedApplication | ServeError): void;
  /** The config file that holds, as it was accepted; null: none was. */
  config(): ServeConfig | null;
  /**
   * Resolves when every named application is RUNNING and every proxy and `subscriberId` have acknowledged its targets
   * (D7). A failed deploy rejects with DEPLOY_FAILED and the deployment's message, a delete meanwhile likewise.
   * @param subscriberId the caller's id in the change feed; undefined when it has none
   */
  whenDeployed(names: readonly string[], subscriberId?: string): Promise<void>;
  /**
   * Accepts the delete and resolves when the replicas are gone and no proxy leads a request there (D7).
   * @param orderId as in `order`
   * @throws {ServeError} APPLICATION_NOT_FOUND (rejects)
   */
  delete(name: string, orderId?: string): Promise<void>;
  /** Drains proxies, then all applications, and resolves when no process is left. Accepts no deploy from then on. */
  shutdown(): Promise<void>;
  /**
   * Forgets the config file, drains proxies, then all applications, and resolves when no process of them is left. The
   * head stays, and the next deploy makes it serve again.
   * @throws {ServeError} ENGINE when the store refuses (rejects)
   */
  removeAll(): Promise<void>;
  /** Resolves at once, or after the end of a `removeAll` that is under way: a deploy before that is refused. */
  whenOpen(): Promise<void>;
  status(): InstanceStatus;
  /**
   * A deployment's name, the ingress for null. Waits for an application that is being built.
   * @throws {ServeError} APPLICATION_NOT_FOUND, DEPLOYMENT_NOT_FOUND, both naming what exists; DEPLOYMENT_UNAVAILABLE when
   *     the only build failed (rejects)
   */
  locate(application: string, deployment: string | null): Promise<{ readonly deployment: string }>;
  /**
   * Takes an external scaler's order: so many replicas, of which the target capacity takes its share. Checkpointed; the
   * number that it has is no change, and at the instance's end nothing happens.
   * @throws {ServeError} APPLICATION_NOT_FOUND, DEPLOYMENT_NOT_FOUND; CONFIG_INVALID with `details.reason` "external scaler
   *     disabled" or "deleting", and for a number that is no integer >= 0
   */
  scale(application: string, deployment: string, replicas: number): void;
  /** The newest actions on what the filter names and their reasons, oldest first; also of what is gone, for a while. */
  history(filter: HistoryFilter): readonly HistoryEntry[];
}
