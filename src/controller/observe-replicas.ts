// Turns what engine and replicas say into what the controller knows of replicas. It decides nothing and orders nothing.
//   R1  A replica serves from the moment its own report says so; the end of a load order says nothing.
//   R2  A failure counts once: where a phase is left that was not left on our wish.
//   R3  While the answer to a load order is to come, a report of `idle` waits for it: only the answer knows the error.
//   R4  What does not fit the table of legal moves is an echo of an earlier phase, and ignored.
import type { Clock } from "../core/clock.ts";
import type { Random } from "../core/random.ts";
import { isServing, isStarting, isStopping } from "../model/lifecycle.ts";
import type { EngineEvent } from "../engine/engine.ts";
import type { NodeId, ReplicaId } from "../model/ids.ts";
import type { ReplicaReport } from "../protocol/control.ts";
import { describeFailure } from "./describe-failure.ts";
import { afterCheck, freshHealth } from "./decide/health.ts";
import {
  type StartMemory,
  afterDeath,
  afterEngineFailure,
  afterFailedStart,
  afterReady,
  generationOf,
} from "./decide/start-failures.ts";
import type { Journal } from "./journal.ts";
import type { LinkOutcome } from "./links.ts";
import type { ControllerMeter } from "./meter.ts";
import { replicaDetails } from "./read-status.ts";
import { type ControllerState, type ReplicaRecord, moveReplica } from "./state.ts";

/** How many ended replicas a deployment shows (`RAY_SERVE_RETAINED_DEAD_REPLICAS`, reference section 6). */
const DEAD_REPLICAS = 10;

type Exited = Extract<EngineEvent, { type: "exited" }>;

export interface ReplicaObserverParts {
  readonly state: ControllerState;
  readonly journal: Journal;
  readonly meter: ControllerMeter;
  readonly nodeIp: (node: NodeId) => string;
}

export class ReplicaObserver {
  readonly #state: ControllerState;
  readonly #journal: Journal;
  readonly #meter: ControllerMeter;
  readonly #nodeIp: (node: NodeId) => string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ state, journal, meter, nodeIp }: ReplicaObserverParts, clock: Clock, random: Random) {
    this.#state = state;
    this.#journal = journal;
    this.#meter = meter;
    this.#nodeIp = nodeIp;
    this.#clock = clock;
    this.#random = random;
  }

  /** The process has ended; so has the replica. */
  onExited(record: ReplicaRecord, event: Exited): void {
    const hasRun = event.reason !== "start-failed";
    const notOurs = !hasRun && !event.userFault;
    const [how = "", ...printed] = (event.detail || `its process ended (${event.reason})`).split("\n");
    // What it printed before it died is more than an exit code says.
    const first = hasRun && !isStopping(record.phase) ? `${how}; see manta logs ${record.id}` : how;
    const text = [first, ...printed].join("\n");
    if (notOurs && record.phase.kind === "launching") {
      this.#remember(record, (starts, nowMs) => afterEngineFailure(starts, record.rank, text, nowMs));
      this.#journal.replica(record, "replica.not_started", text, "warn");
    } else this.onDied(record, text);
    this.onGone(record);
  }

  /** Nothing of it is left but its entry among the dead. */
  onGone(record: ReplicaRecord): void {
    this.#state.replicas.delete(record.id);
    if (record.stopSinceMs !== null) this.#meter.stopped(record, this.#clock.now() - record.stopSinceMs);
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
    record.silent = null;
    record.pid = report.pid;
    record.pending = null;
    if (report.codeVersion !== null) record.codeVersion = report.codeVersion;
    record.changedFiles = report.changedFiles;
    record.models = report.models;
    record.stats = report.stats;
    record.docsPath = report.docsPath;
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

  /** A health check has ended. @param error null: it passed; undefined: its link closed first @param ms how long it took */
  onHealthChecked(id: ReplicaId, error: unknown, ms: number): void {
    const record = this.#state.replicas.get(id);
    if (record === undefined) return;
    const text = error === null || error === undefined ? error : describeFailure(error);
    record.health = afterCheck(record.health, text);
    if (text === undefined) return;
    const { application, deployment } = record;
    this.#meter.healthChecked({ application, deployment, replicaId: id }, ms, text === null);
    if (text !== null) this.#journal.replica(record, "replica.health_check_failed", text, "warn");
  }

  /** A replica was told its rank and the number of replicas; nobody knows whether it heard where the link closed first. */
  onPlaced(id: ReplicaId, outcome: LinkOutcome, reason?: unknown): void {
    const record = this.#state.replicas.get(id);
    if (record === undefined) return;
    if (reason !== undefined)
      this.#journal.replica(record, "replica.reconfigure_failed", describeFailure(reason), "warn");
    else if (outcome === "link closed") record.worldSize = 0;
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
    record.health = freshHealth(this.#clock.now(), this.#random.next());
    if (adopted) record.worldSize = report.rank === record.rank ? report.worldSize : 0;
    else this.#meter.startedReplica(record, this.#clock.now() - record.startMs);
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
