// Statuses of deployments and applications from facts. Pure; the moves are Ray Serve's (inventory 2.8, reference 4.11),
// with two differences on purpose: a replica that dies while its deployment updates fails nothing by itself, because only
// the threshold of D4 does, and a rollout is complete when the old replicas are out of the targets, not when the last has
// drained.
//   R1  Every change of a status is a row of `STATUS_MOVES`.
//   R2  An application is as bad as its worst deployment, its build included; deleting wins.
import type { ApplicationStatus, DeploymentStatus, DeploymentStatusTrigger } from "../../model/status.ts";
import type { BuildState } from "../../model/target-state.ts";
import { type StartMemory, gaveUp, isFailing, isOnTrial } from "./start-failures.ts";

export interface StatusInfo {
  readonly status: DeploymentStatus;
  readonly trigger: DeploymentStatusTrigger;
  readonly message: string;
}

/** What can happen to a deployment's status. `scaleUp` and `scaleDown`: by config or command; `autoscale...`: by a policy. */
export type StatusEvent =
  | "configUpdate"
  | "scaleUp"
  | "scaleDown"
  | "autoscaleUp"
  | "autoscaleDown"
  | "healthy"
  | "startFailed"
  | "rolloutFailed"
  | "replicaDied"
  | "delete";

type Move = readonly [DeploymentStatus, DeploymentStatusTrigger];

const UPDATE: Move = ["UPDATING", "CONFIG_UPDATE_STARTED"];
const UP: Move = ["UPSCALING", "CONFIG_UPDATE_STARTED"];
const DOWN: Move = ["DOWNSCALING", "CONFIG_UPDATE_STARTED"];
const AUTO_UP: Move = ["UPSCALING", "AUTOSCALING"];
const AUTO_DOWN: Move = ["DOWNSCALING", "AUTOSCALING"];
const DELETE: Move = ["UPDATING", "DELETING"];
const DIED: Move = ["UNHEALTHY", "HEALTH_CHECK_FAILED"];
const FAILED: Move = ["DEPLOY_FAILED", "REPLICA_STARTUP_FAILED"];
const STARTS_FAIL: Move = ["UNHEALTHY", "REPLICA_STARTUP_FAILED"];

/** Where each status goes at each event; a missing event leaves it as it is (R1). */
export const STATUS_MOVES = {
  UPDATING: {
    configUpdate: UPDATE,
    autoscaleUp: AUTO_UP,
    autoscaleDown: AUTO_DOWN,
    healthy: ["HEALTHY", "CONFIG_UPDATE_COMPLETED"],
    startFailed: FAILED,
    rolloutFailed: FAILED,
    delete: DELETE,
  },
  UPSCALING: {
    configUpdate: UPDATE,
    scaleUp: UP,
    scaleDown: DOWN,
    autoscaleUp: AUTO_UP,
    autoscaleDown: AUTO_DOWN,
    healthy: ["HEALTHY", "UPSCALE_COMPLETED"],
    startFailed: STARTS_FAIL,
    rolloutFailed: FAILED,
    replicaDied: DIED,
    delete: DELETE,
  },
  DOWNSCALING: {
    configUpdate: UPDATE,
    scaleUp: UP,
    scaleDown: DOWN,
    autoscaleUp: AUTO_UP,
    autoscaleDown: AUTO_DOWN,
    healthy: ["HEALTHY", "DOWNSCALE_COMPLETED"],
    startFailed: STARTS_FAIL,
    rolloutFailed: FAILED,
    replicaDied: DIED,
    delete: DELETE,
  },
  HEALTHY: {
    configUpdate: UPDATE,
    scaleUp: UP,
    scaleDown: DOWN,
    autoscaleUp: AUTO_UP,
    autoscaleDown: AUTO_DOWN,
    replicaDied: DIED,
    delete: DELETE,
  },
  UNHEALTHY: {
    configUpdate: UPDATE,
    healthy: ["HEALTHY", "UNSPECIFIED"],
    startFailed: STARTS_FAIL,
    rolloutFailed: FAILED,
    replicaDied: DIED,
    delete: DELETE,
  },
  DEPLOY_FAILED: { configUpdate: UPDATE, healthy: ["HEALTHY", "UNSPECIFIED"], delete: DELETE },
} as const satisfies Record<DeploymentStatus, Partial<Record<StatusEvent, Move>>>;

/** Status of a deployment that was just accepted for the first time. */
export const NEW_DEPLOYMENT: StatusInfo = { status: UPDATE[0], trigger: UPDATE[1], message: "" };

/** The status after an event; the same object when nothing changes. */
export function afterStatusEvent(info: StatusInfo, event: StatusEvent, message: string): StatusInfo {
  const moves: Partial<Record<StatusEvent, Move>> = STATUS_MOVES[info.status];
  const move = moves[event];
  const next = move === undefined ? { ...info, message } : { status: move[0], trigger: move[1], message };
  const same = next.status === info.status && next.trigger === info.trigger && next.message === info.message;
  return same ? info : next;
}

/** What the replicas of a deployment look like, counted. */
export interface DeploymentFacts {
  /** Target number of replicas. */
  readonly target: number;
  /** Replicas of the target's version, running with its options. */
  readonly upToDate: number;
  /** Replicas of any version that start, apply options, or were not heard of since the head's restart. */
  readonly changing: number;
  /** Live replicas of other versions. */
  readonly outdated: number;
  readonly stopping: number;
  readonly recovering: number;
  /** Failed starts that end the deploy (D4). */
  readonly startThreshold: number;
  /** Something worth saying that is no failure: why the engine waits, which files changed on disk. */
  readonly note: string;
}

/** The status that the facts call for. @param failure why the rollout to the target was given up; null: it was not */
export function decideStatus(
  info: StatusInfo,
  facts: DeploymentFacts,
  memory: StartMemory,
  failure: { readonly message: string } | null = null,
): StatusInfo {
  if (info.trigger === "DELETING") return info;
  if (isSettled(info, facts)) return afterStatusEvent(info, "healthy", facts.note);
  if (failure !== null) {
    const more = isFailing(memory) ? `The version before it fails to start again: ${memory.lastError}` : facts.note;
    return withMessage(info, more === "" ? failure.message : `${failure.message}\n${more}`);
  }
  const message = progressMessage(memory, facts);
  if (info.status === "HEALTHY") {
    const short = facts.recovering === 0 && facts.upToDate < facts.target;
    return short ? afterStatusEvent(info, "replicaDied", message) : withMessage(info, facts.note);
  }
  if (memory.failedStarts > 0 && memory.failedStarts >= facts.startThreshold) {
    const event = memory.rollout ? "rolloutFailed" : "startFailed";
    return afterStatusEvent(info, event, failureMessage(memory, facts.startThreshold));
  }
  const isScaling = info.status === "UPSCALING" || info.status === "DOWNSCALING";
  if (isScaling && memory.deaths > 0) return afterStatusEvent(info, "replicaDied", message);
  return withMessage(info, message);
}

function withMessage(info: StatusInfo, message: string): StatusInfo {
  return message === info.message ? info : { ...info, message };
}

/** True when nothing is left to do. Replicas on their way out count only when the point was to have fewer. */
function isSettled(info: StatusInfo, facts: DeploymentFacts): boolean {
  const left = info.status === "DOWNSCALING" ? facts.stopping : 0;
  return facts.upToDate === facts.target && facts.changing === 0 && facts.outdated === 0 && left === 0;
}

/** Begins with Ray Serve's words, which clients match (reference 4.11). */
function failureMessage(memory: StartMemory, threshold: number): string {
  const what = `The deployment failed to start ${memory.failedStarts} times in a row`;
  const when = memory.rollout ? " during a rolling update. The update is stopped, and what served before goes on" : "";
  const cause = "This may be due to a problem with its constructor or initial health check failing";
  const then = gaveUp(memory, threshold) ? "No more tries until the next deploy" : "Trying again, more and more slowly";
  return `${what}${when}. ${cause}. ${then}. Error:\n${memory.lastError}`;
}

function progressMessage(memory: StartMemory, facts: DeploymentFacts): string {
  if (memory.lastError === "") return facts.note;
  if (memory.failedStarts === 0) return memory.lastError;
  const left = Math.max(0, facts.startThreshold - memory.failedStarts);
  const tries = isOnTrial(memory) ? `Retrying ${left} more time(s)` : "Trying again, more and more slowly";
  return `A replica failed to start with exception. ${tries}. Error:\n${memory.lastError}`;
}

/** Worst first (R2). */
const SEVERITY = ["DEPLOY_FAILED", "UNHEALTHY", "DEPLOYING", "RUNNING"] as const satisfies readonly ApplicationStatus[];

const AS_APPLICATION = {
  DEPLOY_FAILED: "DEPLOY_FAILED",
  UNHEALTHY: "UNHEALTHY",
  UPDATING: "DEPLOYING",
  UPSCALING: "DEPLOYING",
  DOWNSCALING: "DEPLOYING",
  HEALTHY: "RUNNING",
} as const satisfies Record<DeploymentStatus, ApplicationStatus>;

/** Status and message of an application. */
export function applicationStatus(
  deleting: boolean,
  build: BuildState,
  deployments: ReadonlyMap<string, StatusInfo>,
): { readonly status: ApplicationStatus; readonly message: string } {
  if (deleting) return { status: "DELETING", message: "" };
  if (build.kind === "failed") return { status: "DEPLOY_FAILED", message: build.message };
  // Whatever the deployments are, the build makes other ones of them.
  if (build.kind === "building") return { status: "DEPLOYING", message: "" };
  const of = (wanted: ApplicationStatus) => [...deployments].filter(([, info]) => ofApplication(info) === wanted);
  const status = SEVERITY.find((candidate) => of(candidate).length > 0) ?? "RUNNING";
  if (status !== "DEPLOY_FAILED" && status !== "UNHEALTHY") return { status, message: "" };
  const bad = of(status);
  const names = bad.map(([name]) => `'${name}'`).join(", ");
  const head =
    status === "DEPLOY_FAILED"
      ? `Failed to update the deployments [${names}].`
      : `The deployments [${names}] are UNHEALTHY.`;
  return { status, message: [head, ...bad.map(([name, info]) => `${name}: ${info.message}`)].join("\n") };
}

/** Scaling that a policy asked for leaves an application RUNNING. */
function ofApplication(info: StatusInfo): ApplicationStatus {
  const scaling = info.status === "UPSCALING" || info.status === "DOWNSCALING";
  return scaling && info.trigger === "AUTOSCALING" ? "RUNNING" : AS_APPLICATION[info.status];
}
