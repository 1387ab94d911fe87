// The engine that starts no process: each program is a function in this one. For `runInMemory` and for simulations.
// It cannot take memory or a stuck loop away from a program: `kill` tells it and stops listening to it.
//   R1  Each start that was accepted ends in exactly one `exited`, whatever its function does.
//   R2  An (id, epoch) that exited is never started again.
import assert from "node:assert/strict";
import type { Cancel, Clock } from "../../core/clock.ts";
import { describeThrown } from "../../core/errors.ts";
import type {
  Engine,
  EngineEvent,
  ExitReason,
  KnownProcess,
  NodeInfo,
  ProcessSpec,
  ProgramName,
} from "../../engine/engine.ts";
import { EventQueue } from "../../engine/event-queue.ts";
import { RetiredEpochs } from "../../engine/retired-epochs.ts";
import type { StateStore } from "../../engine/state-store.ts";
import { MemoryStore } from "./memory-store.ts";

/** How a program in this process learns that it must end. */
export interface MemorySignals {
  /** SIGTERM's place: finish and return. */
  readonly stop: AbortSignal;
  /** SIGKILL's place: drop everything; nobody waits. */
  readonly kill: AbortSignal;
}

/** A program as a function. Its result is the exit code; a rejection counts as exit code 1 by the user's fault. */
export type MemoryProgram = (spec: ProcessSpec, signals: MemorySignals) => Promise<number>;

interface Running {
  readonly epoch: number;
  readonly stop: AbortController;
  readonly kill: AbortController;
  stopping: boolean;
  cancelGrace: Cancel;
}

/** Runs programs as functions. Two engines over one `store` see the same documents, never the same programs. */
export class MemoryEngine implements Engine {
  readonly name = "memory";
  readonly store: StateStore;
  readonly #programs: Readonly<Partial<Record<ProgramName, MemoryProgram>>>;
  readonly #events = new EventQueue();
  readonly #running = new Map<string, Running>();
  readonly #retired = new RetiredEpochs();
  readonly #clock: Clock;

  constructor(
    programs: Readonly<Partial<Record<ProgramName, MemoryProgram>>>,
    clock: Clock,
    store: StateStore = new MemoryStore(),
  ) {
    this.#programs = programs;
    this.#clock = clock;
    this.store = store;
  }

  start(spec: ProcessSpec): void {
    const program = this.#programs[spec.program];
    assert(program !== undefined, `the memory engine has no program ${spec.program}`);
    const seen = this.#running.get(spec.id)?.epoch ?? this.#retired.newest(spec.id);
    if (spec.epoch <= seen) return; // R2
    assert(!this.#running.has(spec.id), `${spec.id} still runs with an earlier epoch`);
    const running: Running = {
      epoch: spec.epoch,
      stop: new AbortController(),
      kill: new AbortController(),
      stopping: false,
      cancelGrace: () => undefined,
    };
    this.#running.set(spec.id, running);
    this.#events.push({
      type: "started",
      id: spec.id,
      epoch: spec.epoch,
      node: NODE.id,
      nodeIp: NODE.ip,
      gpuIds: [],
      pid: null,
      adopted: false,
    });
    const ended = Promise.resolve().then(() => program(spec, { stop: running.stop.signal, kill: running.kill.signal }));
    ended.then(
      (code) => this.#exited(spec.id, running, code, running.stopping ? "stopped" : "exited", ""),
      (reason: unknown) =>
        this.#exited(spec.id, running, 1, running.stopping ? "stopped" : "exited", describeThrown(reason)),
    );
  }

  stop(id: string, graceMs: number): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.cancelGrace();
    running.cancelGrace = this.#clock.after(graceMs, () => this.kill(id));
    if (running.stopping) return;
    running.stopping = true;
    running.stop.abort();
  }

  kill(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#exited(id, running, null, "killed", "killed");
    running.kill.abort();
  }

  nodes(): readonly NodeInfo[] {
    return [NODE];
  }

  /** Its programs share one process. */
  cpuTimeMs(): null {
    return null;
  }

  events(signal: AbortSignal): AsyncIterable<EngineEvent> {
    return this.#events.consume(signal);
  }

  adopt(known: readonly KnownProcess[]): Promise<void> {
    for (const { id, epoch } of known) {
      if (this.#running.get(id)?.epoch === epoch) continue;
      this.#retired.add(id, epoch);
      const detail = "ended with the process that ran it";
      this.#events.push({ type: "exited", id, epoch, code: null, reason: "host-lost", userFault: false, detail });
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.store.close();
    return Promise.resolve();
  }

  #exited(id: string, running: Running, code: number | null, reason: ExitReason, detail: string): void {
    if (this.#running.get(id) !== running) return; // R1: it was killed before
    running.cancelGrace();
    this.#running.delete(id);
    this.#retired.add(id, running.epoch);
    const userFault = reason === "exited" && code !== 0;
    this.#events.push({ type: "exited", id, epoch: running.epoch, code, reason, userFault, detail });
  }
}

const NODE: NodeInfo = {
  id: "local",
  ip: "127.0.0.1",
  resources: { cpus: Infinity, gpus: 0, memoryBytes: Infinity, custom: {} },
};
