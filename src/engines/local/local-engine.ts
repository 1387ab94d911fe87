// Child processes of this machine. Each is detached (a session of its own), reads nothing, writes to a file and dials
// the head by itself, so that it outlives the head; a later head adopts it by pid, start time and command line.
//   R1  Each start that was accepted ends in exactly one `exited`.
//   R2  A child's output goes to a file, never to a pipe: a dead reader would kill it.
//   R3  A process that this head did not start is signalled only while pid and start time are those it was adopted by.
//   R4  A stopped process (state T) cannot act on SIGTERM: it is reported as suspect, and killed at once by `stop`.
//   R5  A process that was killed cannot remove its socket: the engine does, before it reports the end.
//   R6  A process whose resources are taken waits, and is started when they are free; one that this node can never have
//       waits until it is stopped (resource-ledger.ts).
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { childEnvironment } from "../../config/env.ts";
import { socketPath } from "../../config/paths.ts";
import type { Cancel, Clock } from "../../core/clock.ts";
import { describeThrown } from "../../core/errors.ts";
import type { Engine, EngineEvent, KnownProcess, NodeInfo, ProcessSpec } from "../../engine/engine.ts";
import { EventQueue } from "../../engine/event-queue.ts";
import { RetiredEpochs } from "../../engine/retired-epochs.ts";
import type { StateStore } from "../../engine/state-store.ts";
import { type Ending, type ExitFacts, describeExit } from "./describe-exit.ts";
import { lastOutput } from "./last-output.ts";
import { type ProcessTable, systemProcessTable } from "./process-table.ts";
import { type Command, programCommand } from "./program-command.ts";
import { type Lack, type NodeResources, ResourceLedger } from "./resource-ledger.ts";

export interface LocalEngineOptions {
  readonly store: StateStore;
  /** `MANTA_HOME` and `MANTA_NAMESPACE` of the children. */
  readonly home: string;
  readonly namespace: string;
  /** Folder for the output files; made when missing. */
  readonly logsDir: string;
  /** Folder of the sockets that the children listen on, each named by its process. */
  readonly socketsDir: string;
  /** What this machine has. */
  readonly resources: NodeResources;
  /** Command of a process. Default: our programs by their main files, with `<id> <epoch> ...args`. */
  readonly commandOf?: (spec: ProcessSpec) => Command;
}

/** How often the processes are looked at, milliseconds. A look costs about 20 us a process on Linux, a fork of `ps` elsewhere. */
const WATCH_PERIOD_MS = process.platform === "linux" ? 250 : 1000;

interface Running {
  readonly id: string;
  readonly epoch: number;
  /** Undefined while pending. */
  readonly pid: number | undefined;
  /** Undefined when adopted: then only the watch sees the end. */
  readonly child: ChildProcess | undefined;
  readonly startTime: string | undefined;
  ending: Ending;
  suspect: boolean;
  cancelGrace: Cancel;
}

/** Starts programs as processes of this machine. */
export class LocalEngine implements Engine {
  readonly name = "local";
  readonly store: StateStore;
  readonly #options: LocalEngineOptions;
  readonly #table: ProcessTable = systemProcessTable();
  readonly #events = new EventQueue();
  readonly #running = new Map<string, Running>();
  readonly #retired = new RetiredEpochs();
  readonly #ledger: ResourceLedger;
  /** Processes that wait for resources, longest first (R6). */
  readonly #waiting = new Map<string, ProcessSpec>();
  readonly #node: NodeInfo;
  readonly #clock: Clock;
  readonly #stopWatch: Cancel;

  constructor(options: LocalEngineOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.store = options.store;
    this.#ledger = new ResourceLedger(options.resources);
    this.#node = { id: "local", ip: "127.0.0.1", resources: options.resources.total };
    this.#stopWatch = clock.every(WATCH_PERIOD_MS, () => this.#watch());
  }

  start(spec: ProcessSpec): void {
    const { id, epoch } = spec;
    const seen = this.#running.get(id)?.epoch ?? this.#retired.newest(id);
    if (epoch <= seen) return;
    assert(!this.#running.has(id), `${id} still runs with an earlier epoch`);
    const lack = this.#lack(spec);
    if (lack === undefined) {
      this.#spawn(spec);
      return;
    }
    this.#running.set(id, { ...IDLE, id, epoch, pid: undefined, child: undefined, startTime: undefined });
    this.#waiting.set(id, spec);
    this.#events.push({ type: "pending", id, ...lack });
  }

  stop(id: string, graceMs: number): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    if (running.pid === undefined) {
      this.#exited(running, {
        code: null,
        reason: "stopped",
        userFault: false,
        detail: "stopped before it could start",
      });
      return;
    }
    running.cancelGrace();
    if (this.#table.look([running.pid]).get(running.pid)?.stopped === true) {
      this.kill(id); // R4
      return;
    }
    running.cancelGrace = this.#clock.after(graceMs, () => this.kill(id));
    if (running.ending !== "itself") return;
    running.ending = "stopped";
    this.#signal(running, "SIGTERM");
  }

  kill(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.ending = "killed";
    if (running.pid === undefined) {
      this.#exited(running, { code: null, reason: "killed", userFault: false, detail: "killed before it could start" });
    } else this.#signal(running, "SIGKILL");
  }

  nodes(): readonly NodeInfo[] {
    return [this.#node];
  }

  cpuTimeMs(id: string): number | null {
    const running = this.#running.get(id);
    if (running?.pid === undefined) return null;
    return this.#table.look([running.pid]).get(running.pid)?.cpuMs ?? null;
  }

  events(signal: AbortSignal): AsyncIterable<EngineEvent> {
    return this.#events.consume(signal);
  }

  adopt(known: readonly KnownProcess[]): Promise<void> {
    const found = known.length === 0 ? [] : this.#table.list();
    for (const { id, epoch, claim } of known) {
      if (this.#running.has(id)) continue;
      // The command line names id and epoch; the pid of the checkpoint may be missing, or be somebody else's by now.
      const pid = found.find(({ command }) => ` ${command} `.includes(` ${id} ${epoch} `))?.pid;
      const startTime = pid === undefined ? undefined : this.#table.look([pid]).get(pid)?.startTime;
      const running: Running = { ...IDLE, id, epoch, pid, child: undefined, startTime };
      if (startTime === undefined) {
        const detail = "ended while no head was there to see it";
        this.#exited(running, { code: null, reason: "exited", userFault: false, detail });
      } else {
        this.#running.set(id, running);
        if (claim !== undefined) this.#ledger.adopt(id, claim.resources, claim.gpuIds);
        this.#started(running, claim?.gpuIds ?? [], true);
      }
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#stopWatch();
    for (const running of this.#running.values()) {
      running.cancelGrace();
      running.child?.removeAllListeners();
    }
    this.#running.clear();
    this.#waiting.clear();
    this.store.close();
    return Promise.resolve();
  }

  /** What stands against a start here and now. */
  #lack({ resources, placement }: ProcessSpec): Lack | undefined {
    if (placement.kind === "node" && placement.nodeId !== this.#node.id && !placement.soft) {
      const detail = `needs node ${placement.nodeId}; the local engine has the node ${this.#node.id} only`;
      return { cause: "infeasible", detail };
    }
    return this.#ledger.lack(resources);
  }

  /** R6 */
  #startWaiting(): void {
    for (const [id, spec] of this.#waiting) {
      if (this.#lack(spec) !== undefined) continue;
      this.#waiting.delete(id);
      this.#running.delete(id);
      this.#spawn(spec);
    }
  }

  #spawn(spec: ProcessSpec): void {
    const { id, epoch } = spec;
    const gpuIds = this.#ledger.claim(id, spec.resources);
    let child: ChildProcess;
    try {
      child = this.#launch(spec, gpuIds);
    } catch (error) {
      const running: Running = { ...IDLE, id, epoch, pid: undefined, child: undefined, startTime: undefined };
      this.#exited(running, { code: null, reason: "start-failed", userFault: false, detail: describeThrown(error) });
      return;
    }
    const running: Running = { ...IDLE, id, epoch, pid: child.pid, child, startTime: undefined };
    this.#running.set(id, running);
    child.once("exit", (code, signal) => {
      this.#exited(running, this.#withOutput(spec, describeExit(running.ending, code, signal)));
    });
    child.once("error", (error) => {
      // Node blames the executable when it is the working directory that is missing.
      const detail = existsSync(spec.cwd) ? error.message : `the working directory ${spec.cwd} does not exist`;
      if (child.pid === undefined)
        this.#exited(running, { code: null, reason: "start-failed", userFault: false, detail });
    });
    child.unref();
    if (child.pid !== undefined) this.#started(running, gpuIds, false);
  }

  #launch(spec: ProcessSpec, gpuIds: readonly string[]): ChildProcess {
    const { home, namespace, logsDir, commandOf = ourCommand } = this.#options;
    const { file, args } = commandOf(spec);
    mkdirSync(logsDir, { recursive: true, mode: 0o700 });
    const output = openSync(join(logsDir, spec.outputFile), "a", 0o600);
    try {
      return spawn(file, args, {
        cwd: spec.cwd,
        env: { ...childEnvironment(), ...spec.env, ...gpuEnv(gpuIds), MANTA_HOME: home, MANTA_NAMESPACE: namespace },
        detached: true,
        stdio: ["ignore", output, output], // R2
      });
    } finally {
      closeSync(output);
    }
  }

  #started(running: Running, gpuIds: readonly string[], adopted: boolean): void {
    const { id, epoch } = running;
    const pid = running.pid ?? null;
    this.#events.push({
      type: "started",
      id,
      epoch,
      node: this.#node.id,
      nodeIp: this.#node.ip,
      gpuIds,
      pid,
      adopted,
    });
  }

  /** Why the user's code ended a replica is in what it printed; other programs share their files. */
  #withOutput({ program, outputFile }: ProcessSpec, end: ExitFacts): ExitFacts {
    if (program !== "replica" || !end.userFault) return end;
    const printed = lastOutput(join(this.#options.logsDir, outputFile));
    return { ...end, detail: [end.detail, ...printed].join("\n") };
  }

  #exited(running: Running, end: ExitFacts): void {
    const { id, epoch } = running;
    running.cancelGrace();
    if (this.#running.get(id) === running) this.#running.delete(id);
    this.#retired.add(id, epoch);
    this.#waiting.delete(id);
    rmSync(socketPath(this.#options.socketsDir, id), { force: true }); // R5
    this.#events.push({ type: "exited", id, epoch, ...end });
    if (this.#ledger.release(id)) this.#startWaiting();
  }

  #signal(running: Running, signal: "SIGTERM" | "SIGKILL"): void {
    const { pid, startTime } = running;
    if (pid === undefined) return;
    if (running.child === undefined && this.#table.look([pid]).get(pid)?.startTime !== startTime) return; // R3
    try {
      // A killed process cannot end what it started itself, so SIGKILL goes to its whole group.
      process.kill(signal === "SIGKILL" ? -pid : pid, signal);
    } catch {
      // It is gone already; the exit event or the next look says so.
    }
  }

  #watch(): void {
    const seen = this.#table.look([...this.#running.values()].flatMap(({ pid }) => pid ?? []));
    for (const running of [...this.#running.values()]) {
      const { pid, id } = running;
      if (pid === undefined) continue;
      const facts = seen.get(pid);
      if (running.child === undefined && facts?.startTime !== running.startTime) {
        this.#exited(running, describeExit(running.ending, null, null));
        continue;
      }
      const stopped = facts?.stopped === true;
      if (stopped && running.ending === "stopped") this.kill(id); // R4
      if (stopped && !running.suspect) {
        this.#events.push({ type: "suspect", id, detail: `process ${pid} is stopped (state T)` });
      }
      running.suspect = stopped;
    }
  }
}

const IDLE = { ending: "itself", suspect: false, cancelGrace: () => undefined } as const;

/** A process that claims gpus sees no others. */
function gpuEnv(gpuIds: readonly string[]): Readonly<Record<string, string>> {
  return gpuIds.length === 0 ? {} : { CUDA_VISIBLE_DEVICES: gpuIds.join(",") };
}

function ourCommand(spec: ProcessSpec): Command {
  const nodeOptions = spec.env["NODE_OPTIONS"] ?? childEnvironment()["NODE_OPTIONS"];
  return programCommand(spec.program, [spec.id, String(spec.epoch), ...spec.args], nodeOptions);
}
