// The words of the decisions about replicas: what one deployment should have, and what can be done about it. Types only.
import type { ReplicaId } from "../../model/ids.ts";

/** How a deployment changes over. */
export interface RolloutRule {
  /** Replicas beyond the goal's number that may live meanwhile. */
  readonly surge: number;
  /** How many replicas are replaced, or told of changed options, at a time. At least one. */
  readonly batch: number;
  /** Old ones leave before new ones start. */
  readonly stopFirst: boolean;
}

/** What one deployment should have. */
export interface DeploymentGoal {
  readonly codeVersion: string;
  readonly configRevision: number;
  /** 0: all replicas stop. */
  readonly replicas: number;
  readonly rollout: RolloutRule;
  /** Failed starts that end the deploy (D4). */
  readonly startThreshold: number;
  /** A rollout was given up, and this is the version before it: replicas of others that serve stay and count (D6). */
  readonly stalled: boolean;
}

/** One thing to do, and why. */
export type ReplicaAction =
  | { readonly kind: "start"; readonly rank: number; readonly reason: string }
  | { readonly kind: "load"; readonly id: ReplicaId; readonly reason: string }
  | { readonly kind: "reconfigure"; readonly id: ReplicaId; readonly reason: string }
  /** Its rank, and how many replicas there are. */
  | { readonly kind: "place"; readonly id: ReplicaId; readonly rank: number; readonly reason: string }
  | StopAction;

/** The ways out. `died`: it counts as a death or a failed start, not as a wish of ours. */
export type StopAction =
  /** Out of the published targets. */
  | { readonly kind: "leave"; readonly id: ReplicaId; readonly died: boolean; readonly reason: string }
  | { readonly kind: "drain"; readonly id: ReplicaId; readonly reason: string }
  | { readonly kind: "kill"; readonly id: ReplicaId; readonly died: boolean; readonly reason: string }
  /** Nobody confirms its end; it is struck off. Should it live after all, it is a stranger when it dials in. */
  | { readonly kind: "forget"; readonly id: ReplicaId; readonly reason: string };
