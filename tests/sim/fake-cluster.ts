// Processes that exist only as entries of a table: what a controller starts lives here, outlives its head, boots, loads,
// fails, crashes and drains as a seed and a behaviour say. One cluster serves one head after the other.
import type { Clock } from "../../src/core/clock.ts";
import { ServeError } from "../../src/core/errors.ts";
import type { Random } from "../../src/core/random.ts";
import type { ProxyLinks, ReplicaLinks } from "../../src/controller/links.ts";
import type { Engine, EngineEvent, KnownProcess, NodeInfo, ProcessSpec } from "../../src/engine/engine.ts";
import { EventQueue } from "../../src/engine/event-queue.ts";
import type { StateStore } from "../../src/engine/state-store.ts";
import { MemoryStore } from "../../src/engines/memory/memory-store.ts";
import type { LoadOrder, ReplicaReport } from "../../src/protocol/control.ts";

/** What happens to processes; milliseconds. Every function is asked anew for each process. */
export interface Behaviour {
  bootMs: () => number;
  loadMs: () => number;
  /** The error of a load or reconfigure; undefined: it works. */
  failure: (order: Pick<LoadOrder, "codeVersion" | "spec">) => Error | undefined;
  drainMs: () => number;
  /** How long a health check takes, and its error; undefined: it passes. */
  checkMs: () => number;
  unhealthy: (process: FakeProcess) => Error | undefined;
}

export interface FakeProcess {
  readonly id: string;
  readonly spec: ProcessSpec;
  readonly node: string;
  /** False while no node has room for it. */
  started: boolean;
  readonly pid: number;
  phase: ReplicaReport["phase"];
  order: LoadOrder | undefined;
  linked: boolean;
  alive: boolean;
}

/** The part of a controller that processes report to. */
export interface Head {
  onReplicaReport(id: string, report: ReplicaReport): void;
  onReplicaLinkClosed(id: string): void;
  onProxyReport(
    id: string,
    report: { phase: "starting" | "listening" | "draining"; host: string; port: number; pid: number },
  ): void;
}

/** A machine of the cluster. Only gpus are counted. */
export function fakeNode(id: string, gpus = 0): NodeInfo {
  return { id, ip: `ip-${id}`, resources: { cpus: 64, gpus, memoryBytes: 0, custom: {} } };
}

export class FakeCluster {
  store: StateStore = new MemoryStore();
  readonly processes = new Map<string, FakeProcess>();
  /** Every order that changed something: `start x`, `drain x`, `kill x`, `load x`, `reconfigure x`, `place x`. */
  readonly orders: string[] = [];
  /** The head's own first. */
  nodes: readonly NodeInfo[] = [fakeNode("local")];
  behaviour: Behaviour;
  head: Head | undefined;
  #events = new EventQueue();
  #pids = 1000;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(behaviour: Behaviour, clock: Clock, random: Random) {
    this.behaviour = behaviour;
    this.#clock = clock;
    this.#random = random;
  }

  alive(program: "replica" | "proxy" = "replica"): FakeProcess[] {
    return [...this.processes.values()].filter((p) => p.alive && p.spec.program === program);
  }

  /** The substrate as the next head sees it. Every process loses its link. */
  engine(): Engine {
    this.#events = new EventQueue();
    this.head = undefined;
    for (const process of this.processes.values()) process.linked = false;
    return {
      name: "fake",
      store: this.store,
      start: (spec) => this.#start(spec),
      stop: (id, graceMs) =>
        void this.#clock.after(Math.min(graceMs, this.behaviour.drainMs()), () => this.exit(id, "stopped")),
      kill: (id) => {
        this.orders.push(`kill ${id}`);
        this.#clock.after(1, () => this.exit(id, "killed"));
      },
      nodes: () => this.nodes,
      events: (signal) => this.#events.consume(signal),
      cpuTimeMs: () => null,
      adopt: async (known) => this.#adopt(known),
      close: async () => undefined,
    };
  }

  /** A new head listens: every process that lives dials in, sooner or later. */
  attach(head: Head): void {
    this.head = head;
    for (const process of this.alive())
      this.#clock.after(50 + this.#random.next() * 500, () => this.#dial(process, head));
    for (const process of this.alive("proxy"))
      this.#clock.after(50 + this.#random.next() * 500, () => this.#dial(process, head));
  }

  /** A node is gone with everything on it. */
  loseNode(id: string): void {
    const node = this.nodes.find((info) => info.id === id);
    if (node === undefined) return;
    this.nodes = this.nodes.filter((info) => info !== node);
    this.#events.push({ type: "node", change: "removed", node });
    for (const process of this.processes.values()) if (process.node === id) this.exit(process.id, "node-lost");
  }

  addNode(node: NodeInfo): void {
    this.nodes = [...this.nodes, node];
    this.#events.push({ type: "node", change: "added", node });
  }

  /** Its replicas shall go elsewhere. */
  drainNode(id: string): void {
    const node = this.nodes.find((info) => info.id === id);
    if (node !== undefined) this.#events.push({ type: "node", change: "draining", node });
  }

  exit(id: string, reason: "stopped" | "killed" | "exited" | "node-lost"): void {
    const process = this.processes.get(id);
    if (process?.alive !== true) return;
    process.alive = false;
    process.linked = false;
    this.#events.push({
      type: "exited",
      id,
      epoch: 1,
      code: 1,
      reason,
      userFault: reason === "exited",
      detail: reason,
    } as EngineEvent);
    for (const waiting of this.processes.values()) if (waiting.alive && !waiting.started) this.#tryStart(waiting);
  }

  /** Its link breaks; it dials again after `backMs`. */
  cut(id: string, backMs: number): void {
    const process = this.processes.get(id);
    const head = this.head;
    if (process?.alive !== true || !process.linked || head === undefined) return;
    process.linked = false;
    head.onReplicaLinkClosed(id);
    this.#clock.after(backMs, () => this.#dial(process, head));
  }

  readonly replicas: ReplicaLinks = {
    load: (id, order) => this.#load(id, order),
    reconfigure: async (id, { spec, rank, worldSize }) => {
      const process = this.#linked(id);
      if (process?.order === undefined) return "link closed";
      this.orders.push(`${spec === process.order.spec ? "place" : "reconfigure"} ${id}`);
      await this.#clock.sleep(this.behaviour.loadMs());
      if (!process.linked) return "link closed";
      const failure = this.behaviour.failure({ codeVersion: process.order.codeVersion, spec });
      if (failure !== undefined) throw failure;
      process.order = { ...process.order, spec, rank, worldSize };
      return "done";
    },
    checkHealth: async (id, timeoutMs) => {
      const process = this.#linked(id);
      if (process === undefined) return "link closed";
      const takesMs = this.behaviour.checkMs();
      await this.#clock.sleep(Math.min(takesMs, timeoutMs));
      if (!process.linked) return "link closed";
      if (takesMs > timeoutMs) throw new ServeError("ENGINE", `checkHealth: no answer within ${timeoutMs} ms`);
      const failure = this.behaviour.unhealthy(process);
      if (failure !== undefined) throw failure;
      return "done";
    },
    drain: async (id) => {
      const process = this.#linked(id);
      if (process === undefined) return "link closed";
      this.orders.push(`drain ${id}`);
      process.phase = "draining";
      this.#clock.after(this.behaviour.drainMs(), () => this.exit(id, "stopped"));
      return "done";
    },
  };

  readonly proxies: ProxyLinks = {
    listen: async (id, { host }) => {
      const process = this.#linked(id);
      if (process === undefined) return "link closed";
      process.phase = "ready";
      this.#report(process);
      return host === "" ? "link closed" : "done";
    },
    drain: async (id) => {
      this.#clock.after(this.behaviour.drainMs(), () => this.exit(id, "stopped"));
      return "done";
    },
  };

  #linked(id: string): FakeProcess | undefined {
    const process = this.processes.get(id);
    return process?.linked === true ? process : undefined;
  }

  #start(spec: ProcessSpec): void {
    if (this.processes.has(spec.id)) return;
    this.orders.push(`start ${spec.id}`);
    const process: FakeProcess = {
      id: spec.id,
      spec,
      node: spec.placement.kind === "node" ? spec.placement.nodeId : (this.nodes[0]?.id ?? ""),
      started: false,
      pid: this.#pids++,
      phase: "idle",
      order: undefined,
      linked: false,
      alive: true,
    };
    this.processes.set(spec.id, process);
    this.#tryStart(process);
  }

  #tryStart(process: FakeProcess): void {
    const { id, node, spec } = process;
    const total = this.nodes.find((info) => info.id === node)?.resources.gpus ?? 0;
    const here = [...this.processes.values()].filter((other) => other.alive && other.started && other.node === node);
    const used = here.reduce((sum, other) => sum + other.spec.resources.gpus, 0);
    const needed = spec.resources.gpus;
    if (needed > 0 && used + needed > total) {
      const cause = needed > total ? "infeasible" : "busy";
      const detail = `needs ${needed} gpus, ${total - used} of ${total} free`;
      this.#events.push({ type: "pending", id, cause, detail });
      return;
    }
    process.started = true;
    this.#events.push(startedEvent(process, false));
    this.#clock.after(this.behaviour.bootMs(), () => this.#dial(process, this.head));
  }

  #dial(process: FakeProcess, head: Head | undefined): void {
    if (!process.alive || !process.started || process.linked || head === undefined || head !== this.head) return;
    process.linked = true;
    this.#report(process);
  }

  #report(process: FakeProcess): void {
    if (!process.alive || !process.linked) return;
    const { id, pid, phase, order } = process;
    if (process.spec.program === "proxy") {
      const state = phase === "ready" ? "listening" : "starting";
      this.head?.onProxyReport(id, { phase: state, host: "127.0.0.1", port: 8000, pid });
      return;
    }
    this.head?.onReplicaReport(id, {
      phase,
      address: { kind: "memory", name: id },
      pid,
      codeVersion: order?.codeVersion ?? null,
      rank: order?.rank ?? 0,
      worldSize: order?.worldSize ?? 0,
      ongoing: 0,
      changedFiles: [],
      models: [],
    });
  }

  async #load(id: string, order: LoadOrder): Promise<"done" | "link closed"> {
    const process = this.#linked(id);
    if (process === undefined) return "link closed";
    this.orders.push(`load ${id}`);
    process.phase = "loading";
    await this.#clock.sleep(this.behaviour.loadMs());
    if (!process.alive) return "link closed";
    const failure = this.behaviour.failure(order);
    process.phase = failure === undefined ? "ready" : "idle";
    if (failure === undefined) process.order = order;
    const closed = !process.linked;
    this.#report(process);
    if (closed) return "link closed";
    if (failure !== undefined) throw failure;
    return "done";
  }

  #adopt(known: readonly KnownProcess[]): void {
    for (const { id, epoch } of known) {
      const process = this.processes.get(id);
      if (process?.alive === true && process.started) this.#events.push(startedEvent(process, true));
      else if (process?.alive === true) this.#tryStart(process);
      else {
        const detail = "ended while no head was there";
        this.#events.push({ type: "exited", id, epoch, code: null, reason: "exited", userFault: false, detail });
      }
    }
  }
}

function startedEvent({ id, node, pid }: FakeProcess, adopted: boolean): EngineEvent {
  return { type: "started", id, epoch: 1, node, nodeIp: `ip-${node}`, gpuIds: [], pid, adopted };
}
