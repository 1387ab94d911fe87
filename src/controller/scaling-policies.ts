// Asks users' autoscaling policies and remembers what each last said, for decisions that cannot wait for an answer.
//   R1  A policy is asked again `PERIOD_MS` after its answer.
//   R2  What it says holds until it says something else. Where it failed, nothing is known until it answers again (A7).
//   R3  A policy's state is what it returned last; it is lost with the head, and with another policy in its place.
import type { PolicyVerdict } from "../autoscaling/decide-scale.ts";
import { sameData } from "../config/update-cost.ts";
import type { Clock } from "../core/clock.ts";
import { describeThrown, isServeError } from "../core/errors.ts";
import type { PolicyRef } from "../model/application-spec.ts";
import type { PolicyDecision } from "../model/autoscaling-context.ts";
import type { PolicyQuestion } from "../protocol/control.ts";
import { contextOf, type ScalingLook } from "./scaling-look.ts";

/** Where a question comes from. */
export interface PolicyAsker {
  readonly application: string;
  /** Working directory of the policy, absolute. */
  readonly workingDir: string;
  /** Code that is newer than this was not there when the application was deployed, Unix milliseconds. */
  readonly deployedMs: number;
}

/** Runs users' policies, each application's in a process of its own. The head fills it in. */
export interface PolicyRunner {
  /** @throws {ServeError} what is wrong with the policy, what it threw, or that it took too long */
  ask(from: PolicyAsker, question: PolicyQuestion): Promise<Readonly<Record<string, PolicyDecision>>>;
  /** Ends the processes of all other applications. */
  keepOnly(applications: ReadonlySet<string>): void;
}

/** Time between an answer and the next question. Chosen: quick beside any sensible delay, cheap for a process. */
const PERIOD_MS = 500;

/** What a policy says of one deployment. */
export interface Advice {
  readonly policy: PolicyRef;
  readonly verdict: PolicyVerdict;
  /** Why the verdict is unknown, where that is a mistake; undefined: it is none. */
  readonly error: string | undefined;
  /** How long the last answer took, milliseconds; null: there was none. */
  readonly tookMs: number | null;
  /** When it will be asked again, Unix milliseconds; undefined: when it has answered. */
  readonly nextMs: number | undefined;
}

/** What one policy was asked and said: for one deployment, or for all of an application. */
interface Consultation {
  readonly policy: PolicyRef;
  decisions: Readonly<Record<string, PolicyDecision>>;
  /** By deployment (R3). */
  readonly states: Map<string, unknown>;
  /** Why there are no decisions: nothing yet, or an error. */
  error: string | undefined;
  answered: boolean;
  busy: boolean;
  /** When it was last asked, or has last answered; Unix milliseconds. */
  spokenMs: number;
  tookMs: number | null;
}

export class ScalingPolicies {
  readonly #runner: PolicyRunner;
  readonly #wake: () => void;
  readonly #clock: Clock;
  readonly #consultations = new Map<string, Consultation>();

  /** @param wake there is an answer */
  constructor(runner: PolicyRunner, wake: () => void, clock: Clock) {
    this.#runner = runner;
    this.#wake = wake;
    this.#clock = clock;
  }

  /**
   * Asks when it is time, and tells what was said last.
   * @param key of the policy's place: an application for all its deployments, or one deployment
   * @param looks at the deployments that the policy is for, of one application
   */
  consult(key: string, policy: PolicyRef, looks: readonly ScalingLook[]): ReadonlyMap<ScalingLook, Advice> {
    const consultation = this.#consultation(key, policy);
    const nowMs = this.#clock.now();
    // A wall clock that was set back must not silence a policy.
    const isDue = nowMs >= consultation.spokenMs + PERIOD_MS || nowMs < consultation.spokenMs;
    if (!consultation.busy && isDue) this.#ask(key, consultation, looks);
    const { error, tookMs, busy, spokenMs } = consultation;
    const nextMs = busy ? undefined : spokenMs + PERIOD_MS;
    return new Map(
      looks.map((look) => [
        look,
        { policy, verdict: verdictOf(consultation, look.target.spec.name), error, tookMs, nextMs },
      ]),
    );
  }

  /** Forgets policies that are in use no more. @param inUse by key */
  keepOnly(inUse: ReadonlyMap<string, { readonly looks: readonly ScalingLook[] }>): void {
    for (const key of this.#consultations.keys()) if (!inUse.has(key)) this.#consultations.delete(key);
    const names = [...inUse.values()].flatMap(({ looks }) => looks.map(({ application }) => application.name));
    this.#runner.keepOnly(new Set(names));
  }

  #consultation(key: string, policy: PolicyRef): Consultation {
    const known = this.#consultations.get(key);
    if (known !== undefined && sameData(known.policy, policy)) return known;
    const consultation: Consultation = {
      policy,
      decisions: {},
      states: new Map(),
      error: undefined,
      answered: false,
      busy: false,
      spokenMs: -Infinity,
      tookMs: null,
    };
    this.#consultations.set(key, consultation);
    return consultation;
  }

  #ask(key: string, consultation: Consultation, looks: readonly ScalingLook[]): void {
    const { policy, states } = consultation;
    const [first] = looks;
    if (first === undefined) return;
    const { name: application, workingDir, lastDeployedMs: deployedMs } = first.application;
    const scope = key === application ? "application" : "deployment";
    const contexts = looks.map((look) => contextOf(look, states.get(look.target.spec.name) ?? {}));
    const began = this.#clock.monotonic();
    consultation.busy = true;
    consultation.spokenMs = this.#clock.now();
    this.#runner.ask({ application, workingDir, deployedMs }, { policy, scope, contexts }).then(
      (decisions) => {
        for (const [deployment, { state }] of Object.entries(decisions)) states.set(deployment, state);
        this.#answered(consultation, decisions, undefined);
        consultation.tookMs = this.#clock.monotonic() - began;
      },
      (reason: unknown) => {
        this.#answered(consultation, {}, isServeError(reason) ? reason.message : describeThrown(reason)); // R2
      },
    );
  }

  #answered(consultation: Consultation, decisions: Consultation["decisions"], error: string | undefined): void {
    const spokenMs = this.#clock.now();
    Object.assign(consultation, { decisions, error, answered: true, busy: false, spokenMs });
    this.#wake();
  }
}

function verdictOf({ policy, decisions, error, answered }: Consultation, deployment: string): PolicyVerdict {
  const decision = decisions[deployment];
  if (decision !== undefined) return { kind: "replicas", replicas: decision.replicas };
  const silence = answered ? "says nothing of it" : "has not answered yet";
  return { kind: "unknown", reason: error ?? `the policy ${policy.name} ${silence}` };
}
