// Writes what callers need to know into the change feed: routes and deployment targets. It decides nothing.
//   R1  A route exists from the moment the deploy is accepted until the delete is accepted (RT5).
//   R2  A deployment that is no more leaves a tombstone, so that waiting callers hear of it; beyond `MAX_TOMBSTONES` only
//       those hear of it that have subscribed by then.
//   R3  Callers of a deployment that gave up and has nobody left are told so; every other one makes them wait (D4).
//   R4  A declared application that was never built has a route without an ingress: requests wait, or are told why (RT5),
//       and so do callers with handles from before it was deleted.
import { rulesOf } from "../autoscaling/scaling-rules.ts";
import type { ResolvedDeploymentOptions, ResolvedLoggingOptions } from "../config/options.generated.ts";
import { publishedAddress } from "../model/lifecycle.ts";
import type { ApplicationTarget, DeploymentTarget } from "../model/target-state.ts";
import {
  LOGGING_KEY,
  ROUTES_KEY,
  targetsKey,
  WAS_DELETED,
  type DeploymentTargets,
  type RouteTableData,
} from "../protocol/control.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { gaveUp } from "./decide/start-failures.ts";
import { goalOf, hasNobody, holdingTarget, stoppingDeployments } from "./goals.ts";
import { instanceLogging } from "./logging.ts";
import type { ControllerState, ReplicaRecord } from "./state.ts";

const TARGETS_PREFIX = "targets/";

/** Chosen: who asks for a deployment after so many others were deleted holds an old reference indeed. */
const MAX_TOMBSTONES = 100;

/** Brings the feed up to date; keys whose value stays are not touched. @param logging what the head was started with */
export function publish(state: ControllerState, feed: ChangeFeed, logging: ResolvedLoggingOptions): void {
  feed.set(LOGGING_KEY, instanceLogging(state, logging));
  feed.set(ROUTES_KEY, routesOf(state.applications.values()));
  const wanted = new Set<string>();
  for (const application of state.applications.values()) {
    const replicas = state.replicasByDeployment(application.name);
    const stopping = stoppingDeployments(application, replicas);
    for (const target of [...application.deployments, ...application.retired]) {
      const { name } = target.spec;
      if (stopping.has(name)) continue;
      const key = targetsKey(application.name, name);
      wanted.add(key);
      feed.set(
        key,
        targetsOf(
          application.name,
          holdingTarget(target, state.deployment(application.name, name).failure),
          replicas.get(name) ?? [],
          isUnavailable(state, application, target),
        ),
      );
    }
  }
  const gone = feed.keys().filter((key) => key.startsWith(TARGETS_PREFIX) && !wanted.has(key));
  for (const key of gone) {
    const last = feed.get(key) as DeploymentTargets;
    const mayReturn = isNew(state.applications.get(last.application));
    feed.set(key, { ...last, unavailable: mayReturn ? null : WAS_DELETED, replicas: [] }); // R2, R4
  }
  // Not before everyone has heard: its replicas leave only then (D5).
  for (const key of gone.slice(0, -MAX_TOMBSTONES)) if (feed.isAcknowledged(key)) feed.forget(key);
}

/** True for an application that is being built and has nothing yet, though one of its name may have been deleted before. */
function isNew(application: ApplicationTarget | undefined): boolean {
  return application?.deleting === false && application.build.kind === "building" && application.ingress === "";
}

/** The route table (R1). */
function routesOf(applications: Iterable<ApplicationTarget>): RouteTableData {
  const routes = [...applications].flatMap(({ name: application, routePrefix: prefix, entrance, build, deleting }) => {
    if (prefix === null || deleting) return [];
    const route = { prefix, application, deployment: entrance === "" ? null : entrance };
    return [entrance === "" && build.kind === "failed" ? { ...route, unavailable: "failed to deploy" } : route]; // R4
  });
  return { routes };
}

/** Where the calls of one deployment may go. */
function targetsOf(
  application: string,
  target: DeploymentTarget,
  records: readonly ReplicaRecord[],
  failed: boolean,
): DeploymentTargets {
  const { name, options } = target.spec;
  const replicas = records.flatMap(({ id, phase, node, silent, linkLostAtMs }) => {
    const address = publishedAddress(phase);
    return address === null ? [] : [{ id, address, node, suspect: silent !== null || linkLostAtMs !== null }];
  });
  return {
    application,
    deployment: name,
    unavailable: failed ? "failed to deploy" : null,
    maxOngoingRequests: options.maxOngoingRequests,
    maxQueuedRequests: options.maxQueuedRequests,
    backpressure: options.backpressureConfig,
    ...reportingOf(options),
    replicas: replicas.sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** How callers report what they hold of a deployment that scales by itself. */
function reportingOf({ autoscalingConfig }: ResolvedDeploymentOptions): Pick<DeploymentTargets, "autoscaling"> {
  if (autoscalingConfig === null) return {};
  const { metricsIntervalMs, lookBackMs } = rulesOf(autoscalingConfig);
  return { autoscaling: { metricsIntervalMs, lookBackMs } };
}

/** R3 */
function isUnavailable(state: ControllerState, application: ApplicationTarget, target: DeploymentTarget): boolean {
  const { name } = target.spec;
  const { starts, scale } = state.deployment(application.name, name);
  return (
    gaveUp(starts, goalOf(target, scale.target).startThreshold) && hasNobody(state.replicasOf(application.name, name))
  );
}
