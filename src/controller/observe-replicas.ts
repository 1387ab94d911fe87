// Turns what engine and replicas say into what the controller knows of replicas. It decides nothing and orders nothing.
//   R1  A replica serves from the moment its own report says so; the end of a load order says nothing.
//   R2  A failure counts once: where a phase is left that was not left on our wish.
//   R3  While the answer to a load order is to come, a report of `idle` waits for it: only the answer knows the error.
//   R4  What does not fit the table of legal moves is an echo of an earlier phase, and ignored.
import type { Clock } from "../core/clock.ts";
import { isServing, isStarting, isStopping } from "../model/lifecycle.ts";
import type { EngineEvent } from "../engine/engine.ts";
import type { NodeId, ReplicaId } from "../model/ids.ts";
import type { ReplicaReport } from "../protocol/control.ts";
import { describeFailure } from "./describe-failure.ts";
import {
  type StartMemory,
  afterDeath,
  afterEngineFailure,
  afterFailedStart,
  afterReady,
  generationOf,
} from "./decide/start-failures.ts";
import type { Journal } from "./journal.ts";
import { replicaDetails } from "./read-status.ts";
import { type ControllerState, type ReplicaRecord, moveReplica } from "./state.ts";

/** How many ended replicas a deployment shows (`RAY_SERVE_RETAINED_DEAD_REPLICAS`, reference section 6). */
const DEAD_REPLICAS = 10;

type Exited = Extract<EngineEvent, { type: "exited" }>;

export class ReplicaObserver {
  readonly #state: ControllerState;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #nodeIp: (node: NodeId) => string;

  constructor(state: ControllerState, journal: Journal, nodeIp: (node: NodeId) => string, clock: Clock) {
    this.#state = state;
    this.#nodeIp = nodeIp;
    this.#journal = journal;
    this.#clock = clock;
  }

  /** The process has ended; so has the replica. */
  onExited(record: ReplicaRecord, event: Exited): void {
    const hasRun = event.reason !== "start-failed";
    const notOurs = !hasRun && !event.userFault;
    const how = event.detail === "" ? `its process ended (${event.reason})` : event.detail;
    // What it printed before it died is more than an exit code says.
    const text = hasRun && !isStopping(record.phase) ? `${how}; see manta logs ${record.id}` : how;
    if (notOurs && record.phase.kind === "launching") {
      this.#remember(record, (starts, nowMs) => afterEngineFailure(starts, record.rank, text, nowMs));
      this.#journal.replica(record, "replica.not_started", text, "warn");
    } else this.onDied(record, text);
    this.onGone(record);
  }

  /** Nothing of it is left but its entry among the dead. */
  onGone(record: ReplicaRecord): void {
    this.#state.replicas.delete(record.id);
    const deployment = this.#state.deployment(record.application, record.deployment);
    const details = { ...replicaDetails(record, this.#nodeIp(record.node)), state: "STOPPED" } as const;
    deployment.dead = [...deployment.dead, details].slice(-DEAD_REPLICAS);
  }

  /** A replica is lost without our wish; one that was on its way out has just arrived (R2). */
  onDied(record: ReplicaRecord, text: string): void {
    const { phase } = record;
    if (isStarting(phase)) {
      this.#remember(record, (starts, nowMs) => afterFailedStart(starts, record.rank, text, nowMs));
      this.#journal.replica(record, "replica.start_failed", text, "warn");
    } else if (isServing(phase) || (phase.kind === "recovering" && phase.address !== null)) {
      const servedMs = this.#clock.now() - phase.readySinceMs;
      const reason = `replica ${record.id} died after serving ${Math.round(servedMs / 1000)} s: ${text}`;
      this.#remember(record, (starts, nowMs) => afterDeath(starts, record.rank, servedMs, reason, nowMs));
      this.#journal.replica(record, "replica.died", reason, "warn");
    } else this.#journal.replica(record, "replica.stopped", text);
  }

  /** What a replica says of itself. */
  onReport(id: ReplicaId, report: ReplicaReport): void {
    const record = this.#state.replicas.get(id);
    if (record === undefined) {
      this.#state.strangers.set(id, "replica");
      return;
    }
    record.linkLostAtMs = null;
    record.suspect = false;
    record.pid = report.pid;
    record.pending = "";
    if (report.codeVersion !== null) record.codeVersion = report.codeVersion;
    record.changedFiles = report.changedFiles;
    record.models = report.models;
    switch (report.phase) {
      case "idle":
        this.#onIdle(record);
        return;
      case "loading":
        moveReplica(record, { kind: "loading", awaited: false, idle: false });
        return;
      case "ready":
        this.#onReady(record, report);
        return;
      case "draining":
        this.#onDraining(record);
    }
  }

  onLinkClosed(id: ReplicaId): void {
    const record = this.#state.replicas.get(id);
    if (record !== undefined) record.linkLostAtMs ??= this.#clock.now();
  }

  /** The load order was answered, or its link closed first: whatever comes is in the reports. */
  onLoadAnswered(id: ReplicaId): void {
    const record = this.#state.replicas.get(id);
    if (record?.phase.kind !== "loading") return;
    if (record.phase.idle) moveReplica(record, { kind: "idle" });
    else record.phase = { ...record.phase, awaited: false };
  }

  /** The user's code could not be loaded. */
  onLoadFailed(id: ReplicaId, reason: unknown): void {
    const record = this.#state.replicas.get(id);
    if (record?.phase.kind !== "loading") return;
    const text = describeFailure(reason);
    this.onDied(record, text);
    moveReplica(record, { kind: "failed", error: text });
  }

  /** The replica runs with the options of `revision`. */
  onReconfigured(id: ReplicaId, revision: number): void {
    const record = this.#state.replicas.get(id);
    if (record?.phase.kind !== "updating") return;
    moveReplica(record, { ...record.phase, kind: "running" });
    record.configRevision = revision;
    this.#remember(record, (starts) => afterReady(starts, record.rank));
  }

  /** Changed options were refused (a reason), or nobody knows (none): the replica serves with what it had. */
  onNotReconfigured(id: ReplicaId, revision: number, reason: unknown): void {
    const record = this.#state.replicas.get(id);
    if (record?.phase.kind !== "updating") return;
    moveReplica(record, { ...record.phase, kind: "running" });
    if (reason === undefined) return;
    const text = describeFailure(reason);
    const told = { ...record, configRevision: revision };
    this.#remember(told, (starts, nowMs) => afterFailedStart(starts, record.rank, text, nowMs));
    this.#journal.replica(record, "replica.reconfigure_failed", text, "warn");
  }

  /** R3 */
  #onIdle(record: ReplicaRecord): void {
    const { phase } = record;
    if (phase.kind === "loading" && phase.awaited) record.phase = { ...phase, idle: true };
    else moveReplica(record, { kind: "idle" });
  }

  #onReady(record: ReplicaRecord, report: ReplicaReport): void {
    const { phase } = record;
    const { address } = report;
    if (isServing(phase)) {
      record.phase = { ...phase, address };
      return;
    }
    const adopted = phase.kind === "recovering";
    const readySinceMs = adopted && phase.address !== null ? phase.readySinceMs : this.#clock.now();
    if (!moveReplica(record, { kind: "running", address, readySinceMs })) return; // R4
    this.#remember(record, (starts) => afterReady(starts, record.rank));
    this.#journal.replica(
      record,
      adopted ? "replica.adopted" : "replica.ready",
      adopted ? "it kept serving" : "its report",
    );
    if (report.changedFiles.length > 0) {
      this.#journal.replica(
        record,
        "replica.code_changed",
        `code changed on disk: ${report.changedFiles.join(", ")}`,
        "warn",
      );
    }
  }

  /** It drains by itself: somebody signalled it, or no head was there for too long. */
  #onDraining(record: ReplicaRecord): void {
    const untilMs = this.#clock.now() + record.graceMs;
    if (moveReplica(record, { kind: "draining", untilMs }))
      this.#journal.replica(record, "replica.draining", "by itself");
  }

  /** Changes the memory of starts, if it is about what this replica runs. */
  #remember(
    record: Pick<ReplicaRecord, "application" | "deployment" | "codeVersion" | "configRevision">,
    change: (starts: StartMemory, nowMs: number) => StartMemory,
  ): void {
    const state = this.#state.deployment(record.application, record.deployment);
    if (state.starts.generation === generationOf(record)) state.starts = change(state.starts, this.#clock.now());
  }
}
