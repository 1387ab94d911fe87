// Checks a config file and works out what it makes of the target state. Pure: the controller checkpoints and adopts it.
//   R1  A config file is the whole of what is declared: declared applications that it does not name go. What `serve.run`
//       or `manta run` deployed stays, unless the file takes its name.
//   R2  Every application that it names is built anew. Until that ends, what ran before serves on, at the file's prefix.
//   R3  A generation is never used again: what was built for an earlier file, or before a delete, is void.
//   R4  The share of the capacity holds at once; where it is going follows from the file before (Ray).
import { type Capacity, adjustForCapacity } from "../autoscaling/capacity.ts";
import { applicationName, applicationPrefix } from "../config/application-config.ts";
import type { ApplicationConfig, ServeConfig } from "../config/serve-config.ts";
import { deploymentKey } from "../model/ids.ts";
import type { ApplicationTarget, TargetState } from "../model/target-state.ts";
import type { Before } from "./accept.ts";
import { checkPrefix } from "./check-prefix.ts";
import { afterStatusEvent } from "./decide/status.ts";
import type { AcceptedConfig, DeploymentState } from "./state.ts";

/** One application of a config file that a builder has to make. */
export interface BuildTask {
  readonly application: string;
  /** Whose answer counts (R3). */
  readonly generation: number;
  /** What the file says of it; the file's `logging_config` is in it where it has none itself. */
  readonly config: ApplicationConfig;
  /** Absolute folder that relative paths start from. */
  readonly workingDir: string;
}

/** What is known before. */
export interface BeforeConfig extends Before {
  readonly config: AcceptedConfig | null;
  readonly capacity: Capacity;
}

export interface AcceptedDeclaration {
  readonly applications: TargetState;
  readonly deployments: Map<string, DeploymentState>;
  readonly config: AcceptedConfig;
  readonly capacity: Capacity;
  /** For the journal. */
  readonly changes: readonly { readonly application: string; readonly event: string; readonly reason: string }[];
}

/** @throws {ConfigError} a prefix that an application beside the file has */
export function acceptConfig(
  before: BeforeConfig,
  document: ServeConfig,
  workingDir: string,
  nowMs: number,
): AcceptedDeclaration {
  const acceptedMs = Math.max(nowMs, (before.config?.acceptedMs ?? 0) + 1); // R3
  const applications = new Map(before.applications);
  const changes: { application: string; event: string; reason: string }[] = [];
  for (const declared of document.applications) {
    const name = applicationName(declared);
    applications.set(
      name,
      declare(before.applications.get(name), withLogging(declared, document), workingDir, acceptedMs),
    );
    changes.push({ application: name, event: "application.declared", reason: "named by a config file; it is built" });
  }
  const names = new Set(document.applications.map(applicationName));
  for (const [name, target] of before.applications) {
    if (names.has(name) || target.source !== "declarative" || target.deleting) continue;
    applications.set(name, { ...target, deleting: true }); // R1
    changes.push({ application: name, event: "application.delete", reason: "the config file does not name it" });
  }
  document.applications.forEach((declared, index) =>
    checkPrefix(applications, applicationName(declared), `applications[${index}].route_prefix`),
  );
  const capacity = nextCapacity(before, document);
  return {
    applications,
    deployments: resize(before, applications, capacity),
    config: { document, workingDir, acceptedMs, serving: before.config?.serving ?? null },
    capacity,
    changes,
  };
}

/** What has been accepted and waits to be built. */
export function pendingBuilds(applications: TargetState, config: AcceptedConfig | null): readonly BuildTask[] {
  if (config === null) return [];
  return [...applications.values()].flatMap(({ name, declared, build, deleting }) =>
    declared === null || build.kind !== "building" || deleting
      ? []
      : [{ application: name, generation: build.generation, config: declared, workingDir: config.workingDir }],
  );
}

/** An application that is being built. */
export type AwaitedTarget = ApplicationTarget & { readonly build: { readonly kind: "building" } };

/** True while the answer to a build is waited for (R3). */
export function isAwaited(target: ApplicationTarget | undefined, task: BuildTask): target is AwaitedTarget {
  if (target === undefined || target.deleting || target.build.kind !== "building") return false;
  return target.build.generation === task.generation;
}

/** An application without logs of its own has those of the file (reference 2.1). */
function withLogging(declared: ApplicationConfig, { logging_config: shared }: ServeConfig): ApplicationConfig {
  const own = declared.logging_config ?? null;
  return own === null && shared !== undefined && shared !== null ? { ...declared, logging_config: shared } : declared;
}

/** R2 */
function declare(
  known: ApplicationTarget | undefined,
  declared: ApplicationConfig,
  workingDir: string,
  acceptedMs: number,
): ApplicationTarget {
  const serving = known?.deleting === false ? known : undefined;
  return {
    name: applicationName(declared),
    routePrefix: applicationPrefix(declared),
    ingress: serving?.ingress ?? "",
    entrance: serving?.entrance ?? "",
    workingDir: serving?.workingDir ?? workingDir,
    deployments: serving?.deployments ?? [],
    retired: serving?.retired ?? [],
    lastDeployedMs: acceptedMs,
    deleting: false,
    source: "declarative",
    externalScalerEnabled: serving?.externalScalerEnabled ?? false,
    autoscalingPolicy: serving?.autoscalingPolicy ?? null,
    docsPath: serving?.docsPath ?? null,
    declared,
    build: { kind: "building", generation: acceptedMs, sinceMs: acceptedMs },
  };
}

/** R4: Ray Serve's rule. Another set of applications is scaled up from nothing. */
function nextCapacity({ config, capacity }: BeforeConfig, document: ServeConfig): Capacity {
  const percent = document.target_capacity ?? null;
  if (percent === null) return { percent, direction: null };
  if (config === null || !namesSame(config.document, document)) return { percent, direction: "UP" };
  if (capacity.percent === percent) return capacity;
  return { percent, direction: (capacity.percent ?? 100) < percent ? "UP" : "DOWN" };
}

function namesSame(one: ServeConfig, other: ServeConfig): boolean {
  const names = new Set(one.applications.map(applicationName));
  return names.size === other.applications.length && other.applications.every((app) => names.has(applicationName(app)));
}

/** Sizes that no policy looks after follow the capacity; a policy finds out by itself. */
function resize(before: BeforeConfig, applications: TargetState, capacity: Capacity): Map<string, DeploymentState> {
  const deployments = new Map(before.deployments);
  if (capacity.percent === before.capacity.percent) return deployments;
  for (const { name, deployments: targets } of applications.values()) {
    for (const { spec } of targets) {
      const key = deploymentKey(name, spec.name);
      const known = deployments.get(key);
      if (known === undefined || spec.options.autoscalingConfig !== null) continue;
      const { target, external } = known.scale;
      const size = adjustForCapacity(external ?? spec.options.numReplicas, capacity.percent);
      if (size === target) continue;
      const status = afterStatusEvent(known.status, size > target ? "scaleUp" : "scaleDown", "");
      deployments.set(key, { ...known, status, scale: { ...known.scale, target: size } });
    }
  }
  return deployments;
}
