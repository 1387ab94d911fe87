// The control links of proxies and replicas by process id: how orders reach them, who has gone silent. One link each; a
// newer one takes the place of the older.
//   R1  An order over a link that is closed, or closes first, has the outcome "link closed"; any other failure is the
//       process's own answer (controller/links.ts).
//   R2  Silent for three heartbeats is worth a word. A look that comes late itself proves nothing and is left out.
import type { LinkOutcome, ProxyLinks, ReplicaLinks } from "../controller/links.ts";
import type { Cancel, Clock } from "../core/clock.ts";
import type { ProcessId } from "../model/ids.ts";
import type { LoadOrder, ProxyMethods, ReplicaMethods } from "../protocol/control.ts";
import type { ControlLink } from "../transport/control-link.ts";
import type { SnapshotPart } from "../telemetry/merge-snapshots.ts";
import type { MetricSnapshot } from "../telemetry/metrics.ts";

const HEARTBEAT_MS = 1000;
/** Architecture section 1, "Liveness". */
const MISSES = 3;
/** How long a process may take to tell its metrics. */
const METRICS_LIMIT_MS = 1000;

/** Told at each look for how long a process has been silent, and once when it is heard again (null). */
export type OnSilence = (id: ProcessId, silentMs: number | null) => void;

export class ProcessLinks {
  readonly #links = new Map<ProcessId, ControlLink>();
  readonly #silent = new Set<ProcessId>();
  readonly #onSilence: OnSilence;
  readonly #clock: Clock;
  readonly #stopLooking: Cancel;
  #lookedMs: number;

  constructor(onSilence: OnSilence, clock: Clock) {
    this.#onSilence = onSilence;
    this.#clock = clock;
    this.#lookedMs = clock.monotonic();
    this.#stopLooking = clock.every(HEARTBEAT_MS, () => this.#look());
  }

  add(link: ControlLink): void {
    const { id } = link.peer;
    this.#links.get(id)?.close("a newer link took its place");
    this.#links.set(id, link);
    link.startHeartbeat(HEARTBEAT_MS);
  }

  /** @returns false when a newer link has taken its place: then nothing was lost */
  remove(link: ControlLink): boolean {
    const { id } = link.peer;
    if (this.#links.get(id) !== link) return false;
    this.#links.delete(id);
    this.#silent.delete(id);
    return true;
  }

  /** Orders to replicas. @param changedFiles what to tell a replica about code edited since its deploy (D3) */
  replicaLinks(changedFiles: (order: LoadOrder) => readonly string[]): ReplicaLinks {
    return {
      load: (id, order) =>
        this.#ask<ReplicaMethods, "load">(id, "load", { ...order, changedFiles: changedFiles(order) }),
      reconfigure: (id, order) => this.#ask<ReplicaMethods, "reconfigure">(id, "reconfigure", order),
      checkHealth: (id, timeoutMs) => this.#ask<ReplicaMethods, "checkHealth">(id, "checkHealth", null, { timeoutMs }),
      drain: (id, graceMs) => this.#ask<ReplicaMethods, "drain">(id, "drain", { graceMs }),
    };
  }

  /** Orders to proxies. */
  proxyLinks(): ProxyLinks {
    return {
      listen: (id, listen) => this.#ask<ProxyMethods, "listen">(id, "listen", listen),
      drain: (id, graceMs) => this.#ask<ProxyMethods, "drain">(id, "drain", { graceMs }),
    };
  }

  /** The metrics of every process that answers within a second. */
  async metrics(): Promise<readonly Required<SnapshotPart>[]> {
    const links = [...this.#links.values()];
    const answers = await Promise.allSettled(
      links.map((link) => link.request<ReplicaMethods, "metrics">("metrics", null, { timeoutMs: METRICS_LIMIT_MS })),
    );
    return answers.flatMap((answer, i) =>
      answer.status === "fulfilled"
        ? [{ snapshot: answer.value as MetricSnapshot, labels: { Component: links[i]?.peer.role ?? "" } }]
        : [],
    );
  }

  close(reason: string): void {
    this.#stopLooking();
    for (const link of this.#links.values()) link.close(reason);
  }

  async #ask<M extends { [N in keyof M]: { in: unknown; out: unknown } }, K extends keyof M & string>(
    id: ProcessId,
    method: K,
    body: M[K]["in"],
    options: { readonly timeoutMs?: number } = {},
  ): Promise<LinkOutcome> {
    const link = this.#links.get(id);
    if (link === undefined) return "link closed";
    try {
      await link.request<M, K>(method, body, options);
      return "done";
    } catch (reason) {
      if (!link.isOpen) return "link closed"; // R1
      throw reason;
    }
  }

  #look(): void {
    const nowMs = this.#clock.monotonic();
    const late = nowMs - this.#lookedMs > 2 * HEARTBEAT_MS;
    this.#lookedMs = nowMs;
    if (late) return; // R2
    for (const [id, link] of this.#links) {
      const silentMs = nowMs - link.lastHeardMs;
      if (silentMs > MISSES * HEARTBEAT_MS) {
        this.#silent.add(id);
        this.#onSilence(id, silentMs);
      } else if (this.#silent.delete(id)) this.#onSilence(id, null);
    }
  }
}
