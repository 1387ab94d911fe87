// One suite for every engine (architecture section 6). It takes the test runner's functions and imports none, so that
// whoever writes an engine runs it with whatever they use. tests/conformance proves it on three broken engines.
// What a process does is told by its first argument; the host's program must obey:
//   "run"        runs until it is asked to stop, then ends with code 0
//   "exit" <n>   ends by itself with code n
//   "stubborn"   runs and ignores the request to stop
import { tmpdir } from "node:os";
import { type Clock, systemClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import type { Engine, EngineEvent, ProcessSpec } from "../engine/engine.ts";

/** The part of a test runner that the suite uses; vitest, jest and node:test with an `expect` fit. */
export interface ConformanceTools {
  describe(name: string, define: () => void): void;
  it(name: string, run: () => Promise<void>): void;
  expect(value: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void };
}

/** One fresh substrate with its engine. */
export interface ConformanceHost {
  readonly engine: Engine;
  /** Closes the engine and opens another over the same substrate. Left out where processes end with their engine. */
  readonly reopen?: () => Promise<Engine>;
  /** Resolves once a started process behaves as it was told; a stubborn one must be up before it can ignore anything. */
  ready(id: string): Promise<void>;
  /** Ends whatever is left. */
  close(): Promise<void>;
}

/** Longest wait for one event, milliseconds. */
const DEFAULT_LIMIT_MS = 10_000;

/**
 * Defines the suite for one engine.
 * @param createHost makes a fresh host; called once a test
 * @param limitMs longest wait for an event that must come; default 10 s
 */
export function engineConformance(
  tools: ConformanceTools,
  name: string,
  createHost: () => Promise<ConformanceHost>,
  limitMs = DEFAULT_LIMIT_MS,
): void {
  const test = (claim: string, run: (bench: Bench) => Promise<void>): void => {
    tools.it(claim, async () => {
      const host = await createHost();
      const bench = new Bench(host, limitMs, systemClock);
      try {
        await run(bench);
      } finally {
        bench.close();
        await host.close();
      }
    });
  };
  tools.describe(`engine ${name}`, () => {
    lifeTests(test, tools.expect);
    identityTests(test, tools.expect);
    recoveryTests(test, tools.expect);
    storeTests(test, tools.expect);
  });
}

type Test = (claim: string, run: (bench: Bench) => Promise<void>) => void;
type Expect = ConformanceTools["expect"];

function lifeTests(test: Test, expect: Expect): void {
  test("announces a start with id, epoch and one of its nodes", async (bench) => {
    bench.engine.start(spec("a", 3, "run"));
    const started = await bench.started("a");
    expect([started.epoch, started.adopted]).toEqual([3, false]);
    expect(bench.engine.nodes().some((node) => node.id === started.node)).toBe(true);
  });
  test("ends a process by stop, with one exit (R3)", async (bench) => {
    bench.engine.start(spec("a", 1, "run"));
    await bench.started("a");
    bench.engine.stop("a", 8000);
    bench.engine.stop("a", 8000);
    const exited = await bench.exited("a");
    expect([exited.epoch, exited.reason, exited.userFault]).toEqual([1, "stopped", false]);
    expect(await bench.countAfterAll("exited", "a")).toBe(1);
  });
  test("kills a process that ignores stop when the grace is over", async (bench) => {
    bench.engine.start(spec("a", 1, "stubborn"));
    await bench.started("a");
    await bench.host.ready("a");
    bench.engine.stop("a", 100);
    expect((await bench.exited("a")).reason).toBe("killed");
    expect(await bench.countAfterAll("exited", "a")).toBe(1);
  });
  test("ends a process by kill, whatever it does (R3)", async (bench) => {
    bench.engine.start(spec("a", 1, "stubborn"));
    await bench.started("a");
    await bench.host.ready("a");
    bench.engine.kill("a");
    const exited = await bench.exited("a");
    expect([exited.reason, exited.userFault]).toEqual(["killed", false]);
    expect(await bench.countAfterAll("exited", "a")).toBe(1);
  });
  test("tells a process that failed by itself from one that finished", async (bench) => {
    bench.engine.start(spec("bad", 1, "exit", "3"));
    bench.engine.start(spec("good", 1, "exit", "0"));
    const bad = await bench.exited("bad");
    expect([bad.reason, bad.code, bad.userFault]).toEqual(["exited", 3, true]);
    const good = await bench.exited("good");
    expect([good.reason, good.code, good.userFault]).toEqual(["exited", 0, false]);
  });
  test("ends each of many exactly once", async (bench) => {
    const ids = ["a", "b", "c", "d", "e"];
    for (const id of ids) bench.engine.start(spec(id, 1, "run"));
    for (const id of ids) await bench.started(id);
    for (const id of ids) bench.engine.stop(id, 8000);
    for (const id of ids) await bench.exited(id);
    for (const id of ids) expect(await bench.countAfterAll("exited", id)).toBe(1);
  });
}

function identityTests(test: Test, expect: Expect): void {
  test("starts one process for the same id and epoch (R2)", async (bench) => {
    bench.engine.start(spec("a", 1, "run"));
    bench.engine.start(spec("a", 1, "run"));
    await bench.started("a");
    expect(await bench.countAfterAll("started", "a")).toBe(1);
  });
  test("never starts an epoch again that has exited, and starts the next one (R2)", async (bench) => {
    bench.engine.start(spec("a", 1, "exit", "0"));
    await bench.exited("a");
    bench.engine.start(spec("a", 1, "run"));
    expect(await bench.countAfterAll("started", "a")).toBe(1);
    bench.engine.start(spec("a", 2, "run"));
    expect((await bench.started("a", 2)).epoch).toBe(2);
  });
  test("ignores stop and kill of what it does not have", async (bench) => {
    bench.engine.stop("nobody", 0);
    bench.engine.kill("nobody");
    expect(await bench.countAfterAll("exited", "nobody")).toBe(0);
  });
}

function recoveryTests(test: Test, expect: Expect): void {
  test("reports a known process that is gone as exited", async (bench) => {
    await bench.engine.adopt([{ id: "gone", epoch: 4, pid: null, program: "replica" }]);
    const exited = await bench.exited("gone");
    expect([exited.epoch, exited.userFault]).toEqual([4, false]);
    bench.engine.start(spec("gone", 4, "run"));
    expect(await bench.countAfterAll("started", "gone")).toBe(0);
  });
  test("adopts what an earlier engine left running, and can end it (R4)", async (bench) => {
    if (bench.host.reopen === undefined) return;
    bench.engine.start(spec("a", 2, "run"));
    const { pid } = await bench.started("a");
    await bench.reopen();
    await bench.engine.adopt([{ id: "a", epoch: 2, pid, program: "replica" }]);
    const adopted = await bench.started("a");
    expect([adopted.epoch, adopted.pid, adopted.adopted]).toEqual([2, pid, true]);
    bench.engine.stop("a", 8000);
    expect((await bench.exited("a")).reason).toBe("stopped");
    expect(await bench.countAfterAll("exited", "a")).toBe(1);
  });
}

function storeTests(test: Test, expect: Expect): void {
  test("stores, lists by prefix and deletes documents, also for the next engine", async (bench) => {
    const { store } = bench.engine;
    store.write(
      new Map([
        ["p/1", bytes(1)],
        ["p/2", bytes(2)],
        ["q", bytes(3)],
      ]),
    );
    store.write(
      new Map<string, Uint8Array | null>([
        ["p/1", null],
        ["p/2", bytes(4)],
      ]),
    );
    if (bench.host.reopen !== undefined) await bench.reopen();
    const after = bench.engine.store;
    expect(after.keys("p/")).toEqual(["p/2"]);
    expect([...(after.read("p/2") ?? [])]).toEqual([4]);
    expect(after.read("p/1")).toBe(undefined);
  });
}

/** One host under test and the record of its events. */
class Bench {
  readonly host: ConformanceHost;
  engine: Engine;
  #events: EngineEvent[] = [];
  #stop = new AbortController();
  #wake = new Set<() => void>();
  #markers = 0;
  readonly #limitMs: number;
  readonly #clock: Clock;

  constructor(host: ConformanceHost, limitMs: number, clock: Clock) {
    this.host = host;
    this.engine = host.engine;
    this.#limitMs = limitMs;
    this.#clock = clock;
    void this.#record();
  }

  close(): void {
    this.#stop.abort();
  }

  async reopen(): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#events = [];
    if (this.host.reopen !== undefined) this.engine = await this.host.reopen();
    void this.#record();
  }

  started(id: string, epoch?: number): Promise<Of<"started">> {
    return this.#find("started", id, epoch);
  }

  exited(id: string): Promise<Of<"exited">> {
    return this.#find("exited", id);
  }

  /** Counts events of `id` once a process that was started later has come and gone: what was to come has come. */
  async countAfterAll(type: "started" | "exited", id: string): Promise<number> {
    const marker = `marker-${this.#markers++}`;
    this.engine.start(spec(marker, 1, "exit", "0"));
    await this.exited(marker);
    return this.#events.filter((event) => event.type === type && event.id === id).length;
  }

  async #record(): Promise<void> {
    for await (const event of this.engine.events(this.#stop.signal)) {
      this.#events.push(event);
      for (const wake of this.#wake) wake();
    }
  }

  #find<T extends "started" | "exited">(type: T, id: string, epoch?: number): Promise<Of<T>> {
    const look = (): Of<T> | undefined =>
      this.#events.find((e): e is Of<T> => e.type === type && e.id === id && (epoch ?? e.epoch) === e.epoch);
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        this.#wake.delete(check);
        cancel();
        resolve(found);
      };
      const cancel = this.#clock.after(this.#limitMs, () => {
        this.#wake.delete(check);
        reject(new ServeError("ENGINE", `no event ${type} of ${id} within ${this.#limitMs} ms`));
      });
      this.#wake.add(check);
      check();
    });
  }
}

type Of<T extends "started" | "exited"> = Extract<EngineEvent, { type: T }>;

function bytes(value: number): Uint8Array {
  return Uint8Array.of(value);
}

function spec(id: string, epoch: number, ...args: readonly string[]): ProcessSpec {
  return {
    id,
    epoch,
    program: "replica",
    runtime: "node",
    args,
    env: {},
    cwd: tmpdir(),
    outputFile: `replica_${id}.out`,
    resources: { cpus: 0, gpus: 0, memoryBytes: 0, custom: {} },
    placement: { kind: "spread" },
  };
}
