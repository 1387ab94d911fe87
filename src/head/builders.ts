// Runs builder processes: one for each import path that is deployed. A builder dials in, gets its order, answers, ends.
//   R1  A build ends in an answer whatever happens to the process: its own, or why it ended.
//   R2  An order that is known before it is given is under way by then, and is given once.
//   R3  Where builds follow one another a builder is ready for the next one (spare-builder.ts).
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { type Random, randomId } from "../core/random.ts";
import type { Engine, EngineEvent } from "../engine/engine.ts";
import type { BuilderMethods, BuildResult } from "../protocol/control.ts";
import { outputFileName } from "../telemetry/file-names.ts";
import type { ControlLink } from "../transport/control-link.ts";
import { type BuilderPlace, SpareBuilder } from "./spare-builder.ts";

/** Longest build: the builder itself gives up an import after 60 s. */
const BUILD_LIMIT_MS = 90_000;

/** How long a builder has to end by itself once it has answered. */
const END_MS = 1000;

const PREFIX = "builder-";

type Order = BuilderMethods["build"]["in"];

interface Build {
  readonly order: Order;
  readonly resolve: (result: BuildResult) => void;
  readonly reject: (error: unknown) => void;
}

export class Builders {
  readonly #builds = new Map<string, Build>();
  #prepared: { readonly order: Order; readonly result: Promise<BuildResult> } | undefined;
  readonly #spare: SpareBuilder;
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(engine: Engine, clock: Clock, random: Random) {
    this.#engine = engine;
    this.#clock = clock;
    this.#random = random;
    const kill = (id: string): void => engine.kill(id);
    this.#spare = new SpareBuilder((place) => this.#startProcess(place, "next"), kill, clock);
  }

  /** Starts what will be asked for first (R2). Processes may be started, but no link is there yet. */
  prepare(order: Order): void {
    const result = this.#start(order);
    result.catch(() => undefined); // told to whoever asks
    this.#prepared = { order, result };
  }

  /**
   * @param signal ends the build when nobody wants it any more
   * @throws {ServeError} the builder's own words, or why it ended without any (R1)
   */
  build(order: Order, signal?: AbortSignal): Promise<BuildResult> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    return prepared !== undefined && isSameOrder(prepared.order, order) ? prepared.result : this.#start(order, signal);
  }

  /** Ends what is under way, without grace. */
  killAll(): void {
    this.#spare.end();
    for (const id of this.#builds.keys()) this.#engine.kill(id);
  }

  #start(order: Order, signal?: AbortSignal): Promise<BuildResult> {
    const spare = this.#spare.take(order);
    const id = spare?.id ?? this.#startProcess(order, order.name ?? "default");
    const { promise, resolve, reject } = Promise.withResolvers<BuildResult>();
    this.#builds.set(id, { order, resolve, reject });
    if (spare?.link !== undefined) this.connected(spare.link);
    const cancel = this.#clock.after(BUILD_LIMIT_MS, () => {
      reject(
        new ServeError("DEPLOY_FAILED", `building ${order.importPath} has not ended after ${BUILD_LIMIT_MS / 1000} s`),
      );
      this.#engine.kill(id);
    });
    const end = (): void => this.#engine.kill(id);
    signal?.addEventListener("abort", end, { once: true });
    return promise.finally(() => {
      cancel();
      signal?.removeEventListener("abort", end);
      this.#builds.delete(id);
      if (order.again === true) this.#spare.keepFor(order); // R3
    });
  }

  /** @param name of the output file @returns the process's id; nothing of it is seen before the caller's turn ends */
  #startProcess({ workingDir, env = {} }: BuilderPlace, name: string): string {
    const id = `${PREFIX}${randomId(this.#random)}`;
    this.#engine.start({
      id,
      epoch: 1,
      program: "builder",
      runtime: "node",
      args: [],
      env,
      cwd: workingDir,
      outputFile: outputFileName({ kind: "builder", application: name, pid: process.pid }),
      resources: { cpus: 0, gpus: 0, memoryBytes: 0, custom: {} },
      placement: { kind: "spread" },
    });
    return id;
  }

  /** A builder dialled in. */
  connected(link: ControlLink): void {
    const { id } = link.peer;
    const build = this.#builds.get(id);
    if (build === undefined) {
      if (!this.#spare.connected(link)) link.close("nothing to build");
      return;
    }
    link
      .request<BuilderMethods, "build">("build", build.order)
      .then(build.resolve, (reason: unknown) => {
        if (link.isOpen) build.reject(reason);
      })
      .finally(() => {
        link.close("built");
        this.#engine.stop(id, END_MS);
      });
  }

  /** Takes an engine's event. @returns whether it was about a builder */
  observe(event: EngineEvent): boolean {
    if (!("id" in event) || !event.id.startsWith(PREFIX)) return false;
    if (event.type === "exited") {
      this.#spare.exited(event.id);
      const build = this.#builds.get(event.id);
      const message = `building ${build?.order.importPath} failed: its process ended (${event.detail}); see manta logs build`;
      build?.reject(new ServeError("DEPLOY_FAILED", message, {}, { retryable: false }));
    }
    return true;
  }
}

function isSameOrder(one: Order, other: Order): boolean {
  const key = ({ importPath, workingDir, args, env, name, routePrefix }: Order): string =>
    JSON.stringify({ importPath, workingDir, args, env, name, routePrefix });
  return key(one) === key(other);
}
