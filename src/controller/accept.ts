// Checks a deploy and works out what it makes of the target state. Pure: the controller checkpoints and adopts the result.
//   R1  All applications of a deploy are accepted, or none; each is named once.
//   R2  No two applications share a prefix (RT2).
//   R3  A deployment that gave up is tried again by any deploy that names it, unless only its size changes.
//   R4  What a deploy takes out of the graph is kept until the replicas that may call it are gone (D6).
//   R5  A deployment that comes back while replicas of it still live goes on from what those were told.
//   R6  What a build made keeps the words of the config file that ordered it, and the time of its acceptance.
//   R7  What was healthy before a change is kept until the change is healthy, too (D6).
import { type Capacity, FULL_CAPACITY } from "../autoscaling/capacity.ts";
import type { ScaleMemory } from "../autoscaling/scale-memory.ts";
import { scaleAfterDeploy } from "../autoscaling/scale-after-deploy.ts";
import { unsupportedFields } from "../config/unsupported-fields.ts";
import { ConfigError, ServeError } from "../core/errors.ts";
import { deploymentKey } from "../model/ids.ts";
import type { ApplicationSpec, DeploymentSpec } from "../model/application-spec.ts";
import {
  type ApplicationTarget,
  type DeploymentTarget,
  findDeployment,
  type TargetState,
  type VersionedApplication,
} from "../model/target-state.ts";
import { checkPrefix } from "./check-prefix.ts";
import { freshMemory, generationOf } from "./decide/start-failures.ts";
import { NEW_DEPLOYMENT, afterStatusEvent } from "./decide/status.ts";
import { type ChangeContext, type TargetChange, decideTargetChange } from "./decide/target-change.ts";
import type { DeploymentState } from "./state.ts";

/** One deployment that a deploy changed, for the journal. */
export interface AcceptedChange {
  readonly application: string;
  readonly deployment: string;
  readonly reason: string;
}

export interface Accepted {
  readonly applications: TargetState;
  readonly deployments: Map<string, DeploymentState>;
  readonly changes: readonly AcceptedChange[];
}

/** What is known before the deploy. */
export interface Before {
  readonly applications: TargetState;
  readonly deployments: ReadonlyMap<string, DeploymentState>;
  /** Share of the replicas that may run; absent: all. */
  readonly capacity?: Capacity;
}

/** @throws {ConfigError} as `ControllerCommands.deploy` says */
export function acceptDeploy(before: Before, wanted: readonly VersionedApplication[], nowMs: number): Accepted {
  const applications = new Map(before.applications);
  const deployments = new Map(before.deployments);
  const changes: AcceptedChange[] = [];
  checkNamedOnce(wanted);
  for (const { spec, codeVersions } of wanted) {
    checkApplication(spec);
    const known = before.applications.get(spec.name);
    const earlier = known?.deleting === true ? undefined : known;
    const targets = spec.deployments.map((deployment) => {
      const version = codeVersions[deployment.name] ?? "";
      const key = deploymentKey(spec.name, deployment.name);
      const exposed = spec.routePrefix !== null && deployment.name === spec.ingress;
      const state = deployments.get(key);
      const scale = nextScale(earlier && state, findDeployment(earlier, deployment.name), deployment, before.capacity);
      const size = { from: state?.scale.target ?? scale.target, to: scale.target };
      const change = changeOf(known, { state, exposed, size }, deployment, version);
      deployments.set(key, nextState(earlier && state, change, scale));
      changes.push({ application: spec.name, deployment: deployment.name, reason: change.reason });
      return change.target;
    });
    const names = new Set(spec.deployments.map(({ name }) => name));
    const { source, externalScalerEnabled, autoscalingPolicy, docsPath } = spec;
    const retired = [...(earlier?.deployments ?? []), ...(earlier?.retired ?? [])].filter(
      (t) => !names.has(t.spec.name),
    );
    applications.set(spec.name, {
      name: spec.name,
      routePrefix: spec.routePrefix,
      ingress: spec.ingress,
      entrance: earlier === undefined || earlier.entrance === "" ? spec.ingress : earlier.entrance,
      workingDir: spec.workingDir,
      deployments: targets,
      retired,
      lastDeployedMs: source === "declarative" ? (known?.lastDeployedMs ?? nowMs) : nowMs,
      deleting: false,
      source,
      externalScalerEnabled,
      autoscalingPolicy,
      docsPath,
      declared: source === "declarative" ? (known?.declared ?? null) : null,
      build: { kind: "none" },
    });
  }
  for (const { spec } of wanted) {
    checkPrefix(applications, spec.name, `application ${JSON.stringify(spec.name)}.routePrefix`); // R2
  }
  return { applications, deployments, changes };
}

/** @param before undefined: the deployment is new @param known what it was then */
function nextScale(
  before: DeploymentState | undefined,
  known: DeploymentTarget | undefined,
  { options }: DeploymentSpec,
  capacity: Capacity = FULL_CAPACITY,
): ScaleMemory {
  const size =
    before === undefined || known === undefined ? undefined : { options: known.spec.options, memory: before.scale };
  return scaleAfterDeploy(size, options, capacity);
}

/** What is remembered of a deployment after a change of its target (R3). */
function nextState(
  before: DeploymentState | undefined,
  { target, event }: TargetChange,
  scale: ScaleMemory,
): DeploymentState {
  const generation = generationOf(target);
  if (before === undefined) {
    return { status: NEW_DEPLOYMENT, starts: freshMemory(generation), failure: null, scale, dead: [] };
  }
  const tried = before.failure?.generation ?? before.starts.generation;
  const isCountOnly = event === "scaleUp" || event === "scaleDown";
  const again = before.status.status === "DEPLOY_FAILED" && !isCountOnly; // R3
  const isAnew = again || tried !== generation;
  const isRollout = target.fallback !== null && generationOf(target.fallback) !== generation;
  const statusEvent = again ? "configUpdate" : event;
  const status = statusEvent === undefined ? before.status : afterStatusEvent(before.status, statusEvent, "");
  if (!isAnew) return { ...before, status, scale };
  return { ...before, status, starts: freshMemory(generation, isRollout), failure: null, scale };
}

/** @param state of the deployment before */
function changeOf(
  known: ApplicationTarget | undefined,
  { state, exposed, size }: Pick<ChangeContext, "exposed" | "size"> & { readonly state: DeploymentState | undefined },
  spec: DeploymentSpec,
  codeVersion: string,
): TargetChange {
  const before = findDeployment(known, spec.name);
  const isInGraph = known?.deleting === false && known.deployments.some((target) => target.spec.name === spec.name);
  const fallback = isInGraph ? healthyTarget(before, state) : null;
  const change = decideTargetChange({ before, fallback, exposed, size }, spec, codeVersion);
  return isInGraph ? change : { ...change, event: "configUpdate", reason: "new deployment" }; // R5
}

/** The last target that was healthy, as far as it is known (R7). */
function healthyTarget(
  before: DeploymentTarget | undefined,
  state: DeploymentState | undefined,
): DeploymentTarget | null {
  if (before === undefined || state === undefined) return null;
  const { starts, failure } = state;
  const wasHealthy = failure === null && starts.wasHealthy && starts.generation === generationOf(before);
  return wasHealthy ? { ...before, fallback: null } : before.fallback;
}

/** @throws {ConfigError} an option that the engine cannot honour */
export function checkEngine(wanted: readonly VersionedApplication[], engine: string): void {
  for (const { spec } of wanted) {
    for (const { name, options } of spec.deployments) {
      const [fault] = unsupportedFields(options, engine);
      if (fault === undefined) continue;
      throw new ServeError("CONFIG_INVALID", `application ${spec.name}, deployment ${name}: ${fault}`, { engine });
    }
  }
}

/** R1 */
function checkNamedOnce(wanted: readonly VersionedApplication[]): void {
  const names = wanted.map(({ spec }) => spec.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  const received = `two applications named ${JSON.stringify(twice)}`;
  throw new ConfigError({ path: "applications", received, expected: "one of each name" });
}

function checkApplication(spec: ApplicationSpec): void {
  const names = spec.deployments.map(({ name }) => name);
  const path = `application ${JSON.stringify(spec.name)}`;
  checkName(spec.name, `${path}.name`);
  for (const name of names) checkName(name, `${path}.deployments`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ConfigError({
      path: `${path}.deployments`,
      received: `two deployments named ${twice}`,
      expected: "one of each name",
    });
  }
  if (!names.includes(spec.ingress)) {
    const expected =
      names.length === 0 ? "an application with deployments" : `one of its deployments: ${names.join(", ")}`;
    throw new ConfigError({ path: `${path}.ingress`, received: JSON.stringify(spec.ingress), expected });
  }
}

function checkName(name: string, path: string): void {
  if (name !== "" && !name.includes("#")) return;
  throw new ConfigError({ path, received: JSON.stringify(name), expected: 'a non-empty string without "#"' });
}
