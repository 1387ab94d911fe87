// What a running call needs of the replica around it.
import type { Runtime } from "../api/runtime.ts";
import type { Clock } from "../core/clock.ts";
import type { HandleRef } from "../protocol/values.ts";
import type { UserCallable } from "./user-callable.ts";

export interface ReplicaHost {
  readonly application: string;
  readonly deployment: string;
  readonly clock: Clock;
  readonly runtime: Runtime;
  readonly callable: UserCallable;
  /** Calls that run now, all callers together. */
  readonly ongoing: number;
  readonly handles: {
    refOf(value: object): HandleRef | undefined;
    revive(ref: HandleRef): unknown;
  };
}
