// Sizes of deployments that scale by themselves: on every tick, what callers reported and what a policy said become the
// target number of replicas. The numbers are worked out in autoscaling/, without a clock; here they are gathered, put
// into the state, written into the journal and kept for status.
//   R1  A deployment whose starts were given up, or whose application is being deleted, keeps its size.
//   R2  Its status moves with its size; but an update goes on while anything else than the new version serves (D7), or
//       fewer than the fewest.
//   R3  A policy of the application stands above those of its deployments (A7).
import { decideScale, type PolicyVerdict, type ScaleOutcome } from "../autoscaling/decide-scale.ts";
import { readPolicy } from "../config/policy-path.ts";
import type { Clock } from "../core/clock.ts";
import type { PolicyRef } from "../model/application-spec.ts";
import { deploymentKey, type ReplicaId } from "../model/ids.ts";
import type { AutoscalingDetails } from "../model/status.ts";
import { type ApplicationTarget, findDeployment } from "../model/target-state.ts";
import type { ScalingReport } from "../protocol/control.ts";
import { gaveUp } from "./decide/start-failures.ts";
import { afterStatusEvent } from "./decide/status.ts";
import { earliest } from "./decide/times.ts";
import { goalOf } from "./goals.ts";
import type { Journal } from "./journal.ts";
import { lookAt, type ScalingLook } from "./scaling-look.ts";
import { type Advice, type PolicyRunner, ScalingPolicies } from "./scaling-policies.ts";
import { ScalingRecord } from "./scaling-record.ts";
import { ScalingReports } from "./scaling-reports.ts";
import type { ControllerState } from "./state.ts";

export interface ScalingParts {
  readonly state: ControllerState;
  readonly journal: Journal;
  readonly policies: PolicyRunner;
  /** Something arrived that a decision may depend on. */
  readonly wake: () => void;
}

export class Scaling {
  readonly #state: ControllerState;
  readonly #journal: Journal;
  readonly #reports = new ScalingReports();
  readonly #policies: ScalingPolicies;
  readonly #records = new Map<string, ScalingRecord>();
  readonly #clock: Clock;
  readonly #wake: () => void;
  /** When this head took up what an earlier one left, and began to hear its callers (A6). */
  #recoveredMs = -Infinity;

  constructor({ state, journal, policies, wake }: ScalingParts, clock: Clock) {
    this.#state = state;
    this.#journal = journal;
    this.#policies = new ScalingPolicies(policies, wake, clock);
    this.#wake = wake;
    this.#clock = clock;
  }

  /** This head has taken up what an earlier one left: what callers hold is not known yet. */
  recovered(): void {
    this.#recoveredMs = this.#clock.now();
  }

  /** A caller told what it holds. */
  onReport(source: string, reports: readonly ScalingReport[]): void {
    this.#reports.add(source, reports, this.#clock.monotonic());
    this.#wake();
  }

  /** A replica told what its `recordAutoscalingStats` returned. */
  onStats(replica: ReplicaId, stats: Readonly<Record<string, number>>): void {
    const { application = "", deployment = "" } = this.#state.replicas.get(replica) ?? {};
    const target = findDeployment(this.#state.applications.get(application), deployment);
    if (target === undefined || target.spec.options.autoscalingConfig === null) return; // nobody would look, or forget
    this.#reports.addStats(replica, stats, this.#clock.monotonic());
  }

  /** The link of a caller or replica has ended. */
  onLinkClosed(id: string): void {
    this.#reports.drop(id);
  }

  /** Decides the sizes anew. @returns when to look again although nothing happens, Unix milliseconds; undefined: never */
  look(nowMs: number): number | undefined {
    const times: (number | undefined)[] = [];
    const looks = [...this.#state.applications.values()]
      .filter(({ deleting }) => !deleting) // R1
      .flatMap((application) => this.#lookAtAll(application, nowMs));
    const advised = this.#consultAll(looks);
    for (const look of looks) {
      const advice = advised.get(look);
      times.push(this.#decide(look, advice), advice?.nextMs);
    }
    this.#forgetOthers(looks);
    return earliest(times);
  }

  /** What status shows; null: it does not scale by itself. */
  details(application: string, deployment: string): AutoscalingDetails | null {
    return this.#records.get(deploymentKey(application, deployment))?.details() ?? null;
  }

  /** Why the size of a deployment is kept although a policy should say it; empty: it says it. */
  trouble(application: string, deployment: string): string {
    const error = this.#records.get(deploymentKey(application, deployment))?.error;
    return error === undefined ? "" : `${error}; the number of replicas is kept`;
  }

  #lookAtAll(application: ApplicationTarget, nowMs: number): ScalingLook[] {
    const now = { nowMs, monotonicMs: this.#clock.monotonic() };
    return application.deployments.flatMap(
      (target) => lookAt(this.#state, this.#reports, application, target, now) ?? [],
    );
  }

  /** What users' policies say, for the deployments that have one (R3). */
  #consultAll(looks: readonly ScalingLook[]): Map<ScalingLook, Advice> {
    const questions = new Map<string, { readonly policy: PolicyRef; readonly looks: ScalingLook[] }>();
    for (const look of looks) {
      const { autoscalingPolicy, name, workingDir } = look.application;
      const policy = autoscalingPolicy ?? readPolicy(look.options.policy, workingDir);
      if (policy === null) continue;
      const key = autoscalingPolicy === null ? look.key : name;
      const question = questions.get(key);
      if (question === undefined) questions.set(key, { policy, looks: [look] });
      else question.looks.push(look);
    }
    const advised = new Map<ScalingLook, Advice>();
    for (const [key, { policy, looks: seats }] of questions) {
      for (const [look, advice] of this.#policies.consult(key, policy, seats)) advised.set(look, advice);
    }
    this.#policies.keepOnly(questions);
    return advised;
  }

  #decide(look: ScalingLook, advice: Advice | undefined): number | undefined {
    const { key, rules, state, serving, requests, isWaiting, nowMs, target } = look;
    const record = this.#record(key);
    if (gaveUp(state.starts, goalOf(target, state.scale.target).startThreshold)) {
      record.kept(look, "its starts were given up"); // R1
      return undefined;
    }
    const policy: PolicyVerdict | null = advice?.verdict ?? null;
    const holdDownUntilMs = this.#recoveredMs + rules.lookBackMs;
    const { capacity } = this.#state;
    const inputs = { running: serving.length, requests, isWaiting, policy, capacity, holdDownUntilMs };
    const outcome = decideScale(rules, state.scale, inputs, nowMs);
    this.#apply(look, outcome, record, advice);
    return outcome.wakeAtMs;
  }

  #apply(look: ScalingLook, outcome: ScaleOutcome, record: ScalingRecord, advice: Advice | undefined): void {
    const { state, application, target, nowMs } = look;
    const from = state.scale.target;
    const to = outcome.memory.target;
    const journal = (event: string, reason: string, level: "info" | "warn"): void =>
      this.#journal.deployment(application.name, target.spec.name, event, reason, level);
    if (advice?.error !== undefined && advice.error !== record.error) {
      journal("deployment.policy", `${advice.error}; ${to} replicas kept`, "warn");
    }
    record.looked(look, outcome, advice);
    state.scale = outcome.memory;
    if (from === to) return;
    journal("deployment.scale", `${from} -> ${to}: ${outcome.reason}`, "info");
    record.scaled({
      timestampS: nowMs / 1000,
      reason: outcome.reason,
      prevNumReplicas: from,
      currNumReplicas: to,
      policy: advice?.policy.name ?? "default",
    });
    if (mayShow(look)) state.status = afterStatusEvent(state.status, to > from ? "autoscaleUp" : "autoscaleDown", "");
  }

  #record(key: string): ScalingRecord {
    const known = this.#records.get(key);
    if (known !== undefined) return known;
    const record = new ScalingRecord();
    this.#records.set(key, record);
    return record;
  }

  #forgetOthers(looks: readonly ScalingLook[]): void {
    const keys = new Set(looks.map(({ key }) => key));
    this.#reports.keepOnly(keys);
    for (const key of this.#records.keys()) if (!keys.has(key)) this.#records.delete(key);
  }
}

/** R2, and Ray Serve's rule that scaling by config is not turned into scaling by a policy (inventory 2.8). */
function mayShow({ state, serving, target, bounds }: ScalingLook): boolean {
  const { status, trigger } = state.status;
  if (status === "UPSCALING" || status === "DOWNSCALING") return trigger === "AUTOSCALING";
  if (status !== "UPDATING") return true;
  const isNew = ({ codeVersion, configRevision }: (typeof serving)[number]): boolean =>
    codeVersion === target.codeVersion && configRevision === target.configRevision;
  return serving.every(isNew) && serving.length >= Math.max(1, bounds.lower);
}
