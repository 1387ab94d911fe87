// What is remembered of the size of one deployment between two looks. Pure data.
import type { PendingScale } from "./delays.ts";

/** Times are Unix milliseconds. */
export interface ScaleMemory {
  /** How many replicas the deployment should have now, whoever said so: its options, a policy, an external scaler. */
  readonly target: number;
  /** A wish of the policy that its delay holds back; absent: none. */
  readonly pending?: PendingScale;
  /** When a policy last asked for more, and for fewer; absent: never. */
  readonly lastUpMs?: number;
  readonly lastDownMs?: number;
  /** What an external scaler asked for, before the capacity's share; absent: the options' number holds. */
  readonly external?: number;
}

/** What a checkpoint keeps: a wish that is held begins anew under the next head, which has heard no caller. */
export function lasting({ pending: _pending, ...memory }: ScaleMemory): ScaleMemory {
  return memory;
}
