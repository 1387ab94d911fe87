// What drivers, the CLI and REST may ask of the controller. `admin/` sees this interface only; `head/` wires it.
import type { VersionedApplication } from "../model/target-state.ts";
import type { HistoryEntry, HistoryFilter } from "../model/history.ts";
import type { InstanceStatus } from "../model/status.ts";

/** Commands to, and read models of, the controller. */
export interface ControllerCommands {
  /**
   * Accepts applications, all or none: checked, checkpointed, routed. What they cost is decided on the next tick.
   * @throws {ConfigError} two applications on one prefix, a name with `#`, an unknown ingress, no deployments
   * @throws {ServeError} ENGINE when the store refuses
   */
  deploy(applications: readonly VersionedApplication[]): void;
  /**
   * Resolves when every named application is RUNNING and every proxy and `subscriberId` have acknowledged its targets
   * (D7). A failed deploy rejects with DEPLOY_FAILED and the deployment's message, a delete meanwhile likewise.
   * @param subscriberId the caller's id in the change feed; undefined when it has none
   */
  whenDeployed(names: readonly string[], subscriberId?: string): Promise<void>;
  /** Accepts the delete and resolves when the replicas are gone. @throws {ServeError} APPLICATION_NOT_FOUND (rejects) */
  delete(name: string): Promise<void>;
  /** Drains proxies, then all applications, and resolves when no process is left. Accepts no deploy from then on. */
  shutdown(): Promise<void>;
  status(): InstanceStatus;
  /** @throws {ServeError} APPLICATION_NOT_FOUND, DEPLOYMENT_NOT_FOUND, both naming what exists */
  locate(application: string, deployment: string | null): { readonly deployment: string };
  /** The newest actions on what the filter names and their reasons, oldest first; also of what is gone, for a while. */
  history(filter: HistoryFilter): readonly HistoryEntry[];
}
