// What the admin server stands on: read models, commands and facts that the head hands to it.
import type { ControllerCommands } from "../controller/commands.ts";
import type { InstanceInfo } from "../protocol/control.ts";
import type { SnapshotPart } from "../telemetry/merge-snapshots.ts";
import type { HeadHealth } from "./rest/format-controller-health.ts";

export interface AdminParts {
  readonly commands: Pick<ControllerCommands, "status" | "history" | "scale" | "removeAll">;
  /**
   * Checks a config document and accepts it; the builds go on after that. @returns a line for each unknown key
   * @throws {ServeError} CONFIG_INVALID naming the path in the document
   */
  readonly deployConfig: (document: unknown) => Promise<readonly string[]>;
  /** False until the controller has taken up what an earlier head left: what it would say before that is wrong. */
  readonly isReady: () => boolean;
  readonly health: () => HeadHealth;
  readonly info: InstanceInfo;
  /** Metrics of all processes. Resolves within about a second, whoever does not answer. */
  readonly metrics: () => Promise<readonly SnapshotPart[]>;
  /** First part of each metric's name. */
  readonly metricsPrefix: string;
}
