// Decides which proxies to start and stop: one on each node (K3).
// Pure: no clock, no log, no process. Carried out by ../apply-actions.ts, called from ../controller.ts.
//   R1  A node without a proxy gets one at once (K3), unless proxies there died three times in a row before they
//       listened: then 1, 2, 4 ... 8 s later.
//   R2  A proxy that listens drains; one that does not is killed.
//   R3  One that says nothing for `SILENT_MS` is killed: unlike a replica it runs no code that may block for long (H2).
import { backoffMs } from "../../core/backoff.ts";
import type { NodeId, ProcessId } from "../../model/ids.ts";
import type { ProxySnapshot } from "../snapshot.ts";
import { silenceText } from "./health.ts";
import { REDIAL_MS, deadlinesOf, earliest, isLost, isOver } from "./times.ts";

const FAILED_STARTS = 3;
/** Longest wait. Chosen shorter than a replica's: without a proxy nothing answers at all. */
const MAX_WAIT_MS = 8_000;
/** Chosen: a busy machine may hold a proxy up for seconds, and its clients leave after half a minute. */
const SILENT_MS = 30_000;

/** What is remembered of the proxies of one node. */
export interface ProxyMemory {
  readonly failedStarts: number;
  /** Unix milliseconds. */
  readonly notBeforeMs: number;
}

export type ProxyAction =
  | { readonly kind: "start"; readonly node: NodeId; readonly reason: string }
  | { readonly kind: "listen"; readonly id: ProcessId; readonly reason: string }
  | { readonly kind: "drain"; readonly id: ProcessId; readonly reason: string }
  | { readonly kind: "kill"; readonly id: ProcessId; readonly reason: string }
  | { readonly kind: "forget"; readonly id: ProcessId; readonly reason: string };

export interface ProxyDecision {
  readonly actions: readonly ProxyAction[];
  /** When time alone will change the decision, Unix milliseconds; undefined: never. */
  readonly wakeAtMs: number | undefined;
}

/** A proxy of the node ended without being told to. */
export function afterProxyDeath(memory: ProxyMemory | undefined, hasListened: boolean, nowMs: number): ProxyMemory {
  const failedStarts = hasListened ? 0 : (memory?.failedStarts ?? 0) + 1;
  const waitMs = failedStarts < FAILED_STARTS ? 0 : backoffMs(failedStarts - FAILED_STARTS, 1000, MAX_WAIT_MS);
  return { failedStarts, notBeforeMs: nowMs + waitMs };
}

/** What brings the proxies to one on each of `nodes`; an empty list stops all. */
export function decideProxies(
  nodes: readonly NodeId[],
  seen: readonly ProxySnapshot[],
  memory: ReadonlyMap<NodeId, ProxyMemory>,
  nowMs: number,
): ProxyDecision {
  const due = seen.flatMap((proxy) => decideDue(proxy, nowMs) ?? []);
  const dueIds = new Set(due.map(({ id }) => id));
  const live = seen.filter(({ id, phase }) => !dueIds.has(id) && phase.kind !== "draining" && phase.kind !== "ending");
  const held = new Set<NodeId>();
  const orders = live.flatMap((proxy) => {
    if (!nodes.includes(proxy.node) || held.has(proxy.node)) return [stop(proxy)];
    held.add(proxy.node);
    return proxy.phase.kind === "idle" ? [{ kind: "listen", id: proxy.id, reason: "its process is up" } as const] : [];
  });
  const missing = nodes.filter((node) => !held.has(node));
  const starts = missing
    .filter((node) => (memory.get(node)?.notBeforeMs ?? 0) <= nowMs)
    .map((node): ProxyAction => ({ kind: "start", node, reason: `node ${node} has no proxy` })); // R1
  const times = [...seen.flatMap(deadlinesOf), ...missing.map((node) => memory.get(node)?.notBeforeMs ?? 0)];
  return {
    actions: [...due, ...orders, ...starts],
    wakeAtMs: earliest(times, nowMs),
  };
}

/** What is due for one proxy wherever proxies should be. */
function decideDue(proxy: ProxySnapshot, nowMs: number): Exclude<ProxyAction, { kind: "start" }> | undefined {
  const { id, phase } = proxy;
  if (phase.kind === "ending") {
    return isOver(proxy, nowMs) ? { kind: "forget", id, reason: "its end was never confirmed" } : undefined;
  }
  const reason = whyKilled(proxy, nowMs);
  return reason === undefined ? undefined : { kind: "kill", id, reason };
}

function whyKilled(proxy: ProxySnapshot, nowMs: number): string | undefined {
  const { phase, stuck, silent } = proxy;
  if (phase.kind === "failed") return phase.error;
  if (stuck !== null) return stuck;
  if (silent !== null && nowMs >= silent.sinceMs + SILENT_MS) return silenceText(silent, nowMs); // R3
  if (phase.kind === "draining") return isOver(proxy, nowMs) ? "its grace ran out" : undefined;
  if (isOver(proxy, nowMs)) return "did not dial in after the head's restart";
  return isLost(proxy, nowMs) ? `control link closed for ${REDIAL_MS / 1000} s` : undefined;
}

/** R2 */
function stop({ id, phase }: ProxySnapshot): ProxyAction {
  const reason = "no proxy is wanted here";
  return { kind: phase.kind === "listening" ? "drain" : "kill", id, reason };
}
