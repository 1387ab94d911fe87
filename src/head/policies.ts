// Runs users' autoscaling policies: one process for each application that has one in use. It dials in, loads, answers.
//   R1  A question has an answer, or an error that says why there is none, within `ANSWER_LIMIT_MS` once it is loaded.
//   R2  A process that ends is started again, later and later while it answers nothing; one whose loop is blocked is killed.
//   R3  Another version of a policy's code, told by a later deploy, takes a new process: a module is imported once.
import type { PolicyAsker, PolicyRunner } from "../controller/scaling-policies.ts";
import { backoffMs } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { ServeError, toServeError } from "../core/errors.ts";
import { type Random, randomId } from "../core/random.ts";
import type { Engine, EngineEvent } from "../engine/engine.ts";
import type { PolicyRef } from "../model/application-spec.ts";
import type { PolicyMethods, PolicyQuestion } from "../protocol/control.ts";
import { outputFileName } from "../telemetry/file-names.ts";
import type { ControlLink } from "../transport/control-link.ts";
import { hashText, scanCode } from "./scan-code.ts";

const PREFIX = "policy-";
/** How long a policy may take to answer (architecture 5), and its module to be imported. */
const ANSWER_LIMIT_MS = 1000;
const LOAD_LIMIT_MS = 60_000;
/** Period of heartbeats: one falls into every time-out with the pause after it. */
const HEARTBEAT_MS = 1000;
/** How long a process has to end by itself. */
const END_MS = 1000;

interface PolicyProcess {
  readonly id: string;
  /** By file: which code it loaded, as of which deploy. */
  readonly versions: Map<string, { deployedMs: number; readonly hash: string }>;
  readonly dialled: PromiseWithResolvers<ControlLink>;
  readonly loaded: Map<string, Promise<unknown>>;
  link: ControlLink | undefined;
  /** When a question was put that found no answer in time; undefined: none since the last answer. */
  unansweredMs: number | undefined;
}

/** One application's process, and how the ones before it fared. */
interface Place {
  process: PolicyProcess | undefined;
  /** Processes in a row that ended without an answer. */
  failures: number;
  notBeforeMs: number;
  lastEnd: string;
}

export class Policies implements PolicyRunner {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #places = new Map<string, Place>();

  constructor(engine: Engine, clock: Clock, random: Random) {
    this.#engine = engine;
    this.#clock = clock;
    this.#random = random;
  }

  async ask(from: PolicyAsker, question: PolicyQuestion): ReturnType<PolicyRunner["ask"]> {
    const place = this.#place(from.application);
    const process = this.#process(place, from, question.policy);
    const link = await process.dialled.promise;
    if (process.unansweredMs !== undefined && link.lastHeardMs <= process.unansweredMs) {
      this.#engine.kill(process.id); // R2
      const { name } = question.policy;
      throw new ServeError("USER_CODE", `the policy ${name} blocks its process, which is started again`);
    }
    await this.#load(process, link, question.policy);
    const answer = await this.#decide(process, link, question);
    place.failures = 0;
    return answer;
  }

  keepOnly(applications: ReadonlySet<string>): void {
    for (const [application, place] of this.#places) {
      if (applications.has(application)) continue;
      this.#places.delete(application);
      if (place.process !== undefined) this.#end(place.process);
    }
  }

  /** Ends all processes, without grace. */
  killAll(): void {
    for (const { process } of this.#places.values()) if (process !== undefined) this.#engine.kill(process.id);
  }

  /** A policy process dialled in. */
  connected(link: ControlLink): void {
    const process = this.#find(link.peer.id)?.process;
    if (process === undefined) {
      link.close("no policy is in use");
      return;
    }
    link.startHeartbeat(HEARTBEAT_MS);
    process.link = link;
    process.dialled.resolve(link);
  }

  /** Takes an engine's event. @returns whether it was about a policy process */
  observe(event: EngineEvent): boolean {
    if (!("id" in event) || !event.id.startsWith(PREFIX)) return false;
    const place = this.#find(event.id);
    if (event.type === "exited" && place?.process !== undefined) {
      place.lastEnd = event.detail === "" ? event.reason : event.detail;
      const message = `the policy's process ended (${place.lastEnd}); see policy_*.out below logs/serve`;
      place.process.dialled.reject(new ServeError("USER_CODE", message));
      place.process = undefined;
      place.notBeforeMs = this.#clock.monotonic() + backoffMs(place.failures++);
    }
    return true;
  }

  #place(application: string): Place {
    const known = this.#places.get(application);
    if (known !== undefined) return known;
    const place: Place = { process: undefined, failures: 0, notBeforeMs: 0, lastEnd: "" };
    this.#places.set(application, place);
    return place;
  }

  /** The process that may answer for a policy: the one that runs, unless its code is older than the deploy (R3). */
  #process(place: Place, from: PolicyAsker, policy: PolicyRef): PolicyProcess {
    const known = place.process;
    if (known !== undefined && this.#isCurrent(known, from, policy)) return known;
    if (known !== undefined) {
      this.#end(known);
      place.process = undefined;
    }
    if (this.#clock.monotonic() < place.notBeforeMs) {
      throw new ServeError(
        "USER_CODE",
        `the policy's process ended (${place.lastEnd}); it is started again after a pause`,
      );
    }
    const process = this.#start(from);
    this.#isCurrent(process, from, policy);
    return (place.process = process);
  }

  #isCurrent({ versions }: PolicyProcess, { deployedMs }: PolicyAsker, { file }: PolicyRef): boolean {
    const known = versions.get(file);
    if (known?.deployedMs === deployedMs) return true;
    const { files, packages } = scanCode(file);
    const hash = hashText(JSON.stringify([[...files], packages]));
    if (known === undefined) versions.set(file, { deployedMs, hash });
    else if (known.hash !== hash) return false;
    else known.deployedMs = deployedMs;
    return true;
  }

  #start({ application, workingDir }: PolicyAsker): PolicyProcess {
    const id = `${PREFIX}${randomId(this.#random)}`;
    const dialled = Promise.withResolvers<ControlLink>();
    dialled.promise.catch(() => undefined); // told to whoever asks
    this.#engine.start({
      id,
      epoch: 1,
      program: "policy",
      runtime: "node",
      args: [],
      env: {},
      cwd: workingDir,
      outputFile: outputFileName({ kind: "policy", id: application }),
      resources: { cpus: 0, gpus: 0, memoryBytes: 0, custom: {} },
      placement: { kind: "spread" },
    });
    return { id, versions: new Map(), dialled, loaded: new Map(), link: undefined, unansweredMs: undefined };
  }

  #load(process: PolicyProcess, link: ControlLink, policy: PolicyRef): Promise<unknown> {
    const key = JSON.stringify(policy);
    let loaded = process.loaded.get(key);
    if (loaded === undefined) {
      loaded = link.request<PolicyMethods, "load">("load", policy, { timeoutMs: LOAD_LIMIT_MS });
      process.loaded.set(key, loaded);
    }
    return loaded;
  }

  async #decide(
    process: PolicyProcess,
    link: ControlLink,
    question: PolicyQuestion,
  ): Promise<PolicyMethods["decide"]["out"]> {
    const askedMs = this.#clock.monotonic();
    try {
      const answer = await link.request<PolicyMethods, "decide">("decide", question, { timeoutMs: ANSWER_LIMIT_MS });
      process.unansweredMs = undefined;
      return answer;
    } catch (reason) {
      const error = toServeError(reason);
      if (error.code !== "ENGINE") throw error;
      process.unansweredMs ??= askedMs;
      const why = link.isOpen ? `has not answered within ${ANSWER_LIMIT_MS / 1000} s` : "ended with its process";
      throw new ServeError("USER_CODE", `the policy ${question.policy.name} ${why}`); // R1
    }
  }

  #end(process: PolicyProcess): void {
    process.dialled.reject(new ServeError("USER_CODE", "the policy is in use no more"));
    process.link?.close("the policy is in use no more");
    this.#engine.stop(process.id, END_MS);
  }

  #find(id: string): Place | undefined {
    return [...this.#places.values()].find(({ process }) => process?.id === id);
  }
}
