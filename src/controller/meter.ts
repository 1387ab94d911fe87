// What the controller measures of its own work. It says what happened; telemetry makes metrics of it.
//   R1  Durations are milliseconds and measured once, where the thing ends.
import type { ReplicaId } from "../model/ids.ts";

/** Whose replica it was. */
export interface MeteredDeployment {
  readonly application: string;
  readonly deployment: string;
}

export interface MeteredReplica extends MeteredDeployment {
  readonly replicaId: ReplicaId;
}

/** Where the time of one look at everything went. */
export interface TickTimes {
  /** Replicas of all deployments: decided and planned. */
  readonly deploymentsMs: number;
  readonly proxiesMs: number;
  /** Statuses of deployments. */
  readonly statusesMs: number;
}

export interface ControllerMeter {
  /** From the order to the engine until the replica served. */
  startedReplica(of: MeteredDeployment, ms: number): void;
  /** From the load order until the replica served: import, constructor, `setup`, `reconfigure`, first health check. */
  initialized(of: MeteredDeployment, ms: number): void;
  /** Changed options were applied in place. */
  reconfigured(of: MeteredDeployment, ms: number): void;
  /** One health check was answered, refused or timed out. */
  healthChecked(of: MeteredReplica, ms: number, ok: boolean): void;
  /** From the order to leave until the process was gone. */
  stopped(of: MeteredDeployment, ms: number): void;
  /** The same of the proxy of a node. */
  proxyStopped(node: string, ms: number): void;
  ticked(times: TickTimes): void;
}

/** Measures nothing. */
export const NO_METER: ControllerMeter = {
  startedReplica: () => undefined,
  initialized: () => undefined,
  reconfigured: () => undefined,
  healthChecked: () => undefined,
  stopped: () => undefined,
  proxyStopped: () => undefined,
  ticked: () => undefined,
};
