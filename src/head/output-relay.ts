// Passes on what replicas print, line by line with their ids, to drivers and the CLI that asked for it. Replicas write
// to files (architecture section 1), which are tailed only while somebody listens.
//   R1  A listener gets nothing further before it has answered for what it has: who reads slowly loses lines, not us.
//   R2  Where a replica's lines go on is the listener's knowledge: it tells the next head, which repeats nothing.
//   R3  What a replica wrote before it ended is passed on after it ended, and before `flush` resolves.
import { join } from "node:path";
import type { Cancel, Clock } from "../core/clock.ts";
import type { OutputPositions, ReplicaOutput } from "../protocol/control.ts";
import { outputFileName } from "../telemetry/file-names.ts";
import { OutputTail } from "./output-tail.ts";

/** How often the files of live replicas are looked at, milliseconds. Chosen: at once for a person, 5 us a file. */
const LOOK_MS = 100;

/** How long the end of the instance waits for a listener that does not read (R3), milliseconds. */
const FLUSH_LIMIT_MS = 1000;

/** Whose output it is. */
export type ReplicaName = Pick<ReplicaOutput, "application" | "deployment" | "replicaId">;

/** Gives a listener a piece; resolves when it has dealt with it. */
export type SendOutput = (output: ReplicaOutput) => Promise<unknown>;

interface Tailed {
  readonly name: ReplicaName;
  readonly tail: OutputTail;
  hasEnded: boolean;
}

interface Listener {
  readonly send: SendOutput;
  /** By replica id; undefined until it asks. */
  tails: Map<string, Tailed> | undefined;
  /** Where the output of replicas that this head has not seen yet goes on (R2). */
  positions: OutputPositions;
  /** The look under way (R1). */
  looking: Promise<void> | undefined;
}

export class OutputRelay {
  readonly #logsDir: string;
  readonly #replicas: () => readonly ReplicaName[];
  readonly #clock: Clock;
  readonly #listeners = new Map<string, Listener>();
  #stopLooking: Cancel | undefined;

  /** @param replicas those that live now */
  constructor(logsDir: string, replicas: () => readonly ReplicaName[], clock: Clock) {
    this.#logsDir = logsDir;
    this.#replicas = replicas;
    this.#clock = clock;
  }

  /** A driver or the CLI is there; it gets nothing before it asks. */
  connect(id: string, send: SendOutput): void {
    this.#listeners.set(id, { send, tails: undefined, positions: {}, looking: undefined });
  }

  disconnect(id: string): void {
    this.#listeners.delete(id);
    if (![...this.#listeners.values()].some(({ tails }) => tails !== undefined)) this.#rest();
  }

  /**
   * A listener asks. @param positions where it stands; null: at the present end of what there is
   * @returns where it stands now: with them it can ask another head
   */
  follow(id: string, positions: OutputPositions | null): OutputPositions {
    const listener = this.#listeners.get(id);
    if (listener === undefined) return {};
    const tails = new Map<string, Tailed>();
    listener.tails = tails;
    listener.positions = positions ?? {};
    for (const name of this.#replicas()) this.#tail(listener, name, positions === null ? undefined : 0);
    this.#stopLooking ??= this.#clock.every(LOOK_MS, () => this.#lookAll());
    return Object.fromEntries(Array.from(tails, ([replicaId, { tail }]) => [replicaId, tail.position]));
  }

  /** A process runs; its output is followed if it is a replica. */
  started(id: string): void {
    if (this.#stopLooking === undefined) return;
    const name = this.#replicas().find(({ replicaId }) => replicaId === id);
    if (name !== undefined) for (const listener of this.#listeners.values()) this.#tail(listener, name, 0);
  }

  /** A process has ended: what it left is passed on at the next look (R3). */
  exited(id: string): void {
    for (const { tails } of this.#listeners.values()) {
      const tailed = tails?.get(id);
      if (tailed !== undefined) tailed.hasEnded = true;
    }
  }

  /** Passes on what there is; resolves when every listener has it, or has not taken it for a second (R3). */
  async flush(): Promise<void> {
    const finish = async (listener: Listener): Promise<void> => {
      await listener.looking;
      await this.#look(listener);
    };
    const flushed = Promise.all(Array.from(this.#listeners.values(), finish));
    const limit = new AbortController();
    await Promise.race([flushed, this.#clock.sleep(FLUSH_LIMIT_MS, limit.signal).catch(() => undefined)]);
    limit.abort();
    this.#rest();
  }

  #rest(): void {
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }

  #tail({ tails, positions }: Listener, name: ReplicaName, otherwise: number | undefined): void {
    const { replicaId } = name;
    if (tails === undefined || tails.has(replicaId)) return;
    const path = join(this.#logsDir, outputFileName({ kind: "replica", ...name }));
    tails.set(replicaId, { name, tail: new OutputTail(path, positions[replicaId] ?? otherwise), hasEnded: false });
  }

  #lookAll(): void {
    for (const listener of this.#listeners.values()) {
      if (listener.looking === undefined) void this.#look(listener);
    }
  }

  #look(listener: Listener): Promise<void> {
    const nowMs = this.#clock.monotonic();
    const sent: Promise<unknown>[] = [];
    for (const [id, { name, tail, hasEnded }] of listener.tails ?? []) {
      const piece = tail.look(nowMs, hasEnded);
      if (piece !== undefined) sent.push(listener.send({ ...name, ...piece }));
      if (hasEnded) listener.tails?.delete(id);
    }
    if (sent.length === 0) return Promise.resolve();
    // A listener that fails is one that has gone: `disconnect` follows.
    listener.looking = Promise.allSettled(sent).then(() => void (listener.looking = undefined));
    return listener.looking;
  }
}
