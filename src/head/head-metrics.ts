// The head's own metrics (reference 3.2): durations that controller and change feed tell, and gauges that are read off the
// status when somebody looks.
//   R1  Gauges are made anew at each look, so those of what is gone are gone.
//   R2  Durations and counts of a deployment, and counts of a replica, are shown once more after its end, then dropped:
//       what stays is bounded by what runs.
import { LoopMonitor } from "../admin/loop-monitor.ts";
import type { MeteredDeployment, MeteredReplica, ControllerMeter, TickTimes } from "../controller/meter.ts";
import type { FeedMeter } from "../controller/change-feed.ts";
import type { Clock } from "../core/clock.ts";
import { deploymentKey } from "../model/ids.ts";
import type { ApplicationStatus, DeploymentStatus, InstanceStatus, ProxyStatus } from "../model/status.ts";
import { LOGGING_KEY, ROUTES_KEY } from "../protocol/control.ts";
import { LastLook } from "../telemetry/last-look.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import { MetricRegistry, type MetricSnapshot } from "../telemetry/metrics.ts";

const APPLICATION_VALUE: Readonly<Record<ApplicationStatus, number>> = {
  DEPLOY_FAILED: 1,
  UNHEALTHY: 2,
  NOT_STARTED: 3,
  DELETING: 4,
  DEPLOYING: 5,
  RUNNING: 6,
};

const DEPLOYMENT_VALUE: Readonly<Record<DeploymentStatus, number>> = {
  DEPLOY_FAILED: 1,
  UNHEALTHY: 2,
  UPDATING: 3,
  UPSCALING: 4,
  DOWNSCALING: 5,
  HEALTHY: 6,
};

const PROXY_VALUE: Readonly<Record<ProxyStatus, number>> = {
  STARTING: 1,
  HEALTHY: 2,
  UNHEALTHY: 3,
  DRAINING: 4,
  DRAINED: 5,
};

/** What is known when somebody looks. */
export interface HeadFacts {
  readonly status: Pick<InstanceStatus, "applications" | "proxies">;
  /** Keys of each subscriber of the change feed. */
  readonly subscriptions: readonly ReadonlySet<string>[];
}

export class HeadMetrics implements ControllerMeter, FeedMeter {
  /** The newest turns of the controller's loop, for REST. */
  readonly loop: LoopMonitor;
  readonly #metrics: MetricRegistry;
  readonly #nodeIp: (node: string) => string;
  /** Replicas whose last health check failed. */
  readonly #failing = new Set<string>();
  readonly #clock: Clock;
  /** End of the last turn, monotonic milliseconds. */
  #tickedMs: number;
  readonly #lastLook = new LastLook();

  constructor(metrics: MetricRegistry, nodeIp: (node: string) => string, clock: Clock) {
    this.#metrics = metrics;
    this.#nodeIp = nodeIp;
    this.#clock = clock;
    this.#tickedMs = clock.monotonic();
    this.loop = new LoopMonitor(clock);
  }

  startedReplica(of: MeteredDeployment, ms: number): void {
    this.#observe(METRICS.replicaStartupLatency, of, ms);
  }

  initialized(of: MeteredDeployment, ms: number): void {
    this.#observe(METRICS.replicaInitializationLatency, of, ms);
  }

  reconfigured(of: MeteredDeployment, ms: number): void {
    this.#observe(METRICS.replicaReconfigureLatency, of, ms);
  }

  stopped(of: MeteredDeployment, ms: number): void {
    this.#observe(METRICS.replicaShutdownDuration, of, ms);
  }

  healthChecked(of: MeteredReplica, ms: number, ok: boolean): void {
    const { application, deployment, replicaId: replica } = of;
    this.#observe(METRICS.healthCheckLatency, of, ms);
    if (ok) {
      this.#failing.delete(replica);
      return;
    }
    this.#failing.add(replica);
    this.#metrics.counter(METRICS.healthCheckFailures).labels({ deployment, replica, application }).inc();
  }

  proxyStopped(node: string, ms: number): void {
    const labels = { node_id: node, node_ip_address: this.#nodeIp(node) };
    this.#metrics.histogram(METRICS.proxyShutdownDuration).labels(labels).observe(ms);
  }

  ticked({ proxiesMs, deploymentsMs, statusesMs }: TickTimes): void {
    const nowMs = this.#clock.monotonic();
    const totalMs = proxiesMs + deploymentsMs + statusesMs;
    const sleptMs = Math.max(0, nowMs - totalMs - this.#tickedMs);
    this.#tickedMs = nowMs;
    this.loop.add({ totalMs, sleptMs, deploymentsMs, proxiesMs, statusesMs });
    const told = [
      [METRICS.controlLoopDuration, totalMs],
      [METRICS.controlLoopSleep, sleptMs],
      [METRICS.proxyUpdateDuration, proxiesMs],
      [METRICS.deploymentUpdateDuration, deploymentsMs],
      [METRICS.applicationUpdateDuration, statusesMs],
    ] as const;
    for (const [definition, ms] of told) {
      const seconds = ms / 1000;
      this.#metrics.gauge(definition).labels({}).set(seconds);
    }
  }

  sent(key: string): void {
    this.#metrics
      .counter(METRICS.feedTransmissions)
      .labels({ namespace_or_state: namespaceOf(key) })
      .inc();
  }

  acknowledged(key: string, ms: number): void {
    this.#metrics
      .histogram(METRICS.feedLatency)
      .labels({ namespace: namespaceOf(key) })
      .observe(ms);
  }

  /** Everything, as it is now. */
  snapshot({ status, subscriptions }: HeadFacts): MetricSnapshot {
    const gauges = new MetricRegistry(); // R1
    gauges.gauge(METRICS.controlLoops).labels({ actor_id: "controller" }).set(this.loop.read().loops);
    setProxies(gauges, status);
    setSubscribers(gauges, subscriptions);
    const present = new Set<string>();
    for (const { name: application, status: own, deployments, deployedAppConfig } of Object.values(
      status.applications,
    )) {
      gauges.gauge(METRICS.applicationStatus).labels({ application }).set(APPLICATION_VALUE[own]);
      for (const details of Object.values(deployments)) {
        const { name: deployment, replicas } = details;
        present.add(deploymentKey(application, deployment));
        gauges
          .gauge(METRICS.deploymentStatus)
          .labels({ deployment, application })
          .set(DEPLOYMENT_VALUE[details.status]);
        setAutoscaling(gauges, application, details, deployedAppConfig?.autoscaling_policy == null);
        const health = gauges.gauge(METRICS.replicaHealthy);
        for (const { replicaId: replica, state } of replicas) {
          present.add(replica);
          const serves = state === "RUNNING" || state === "UPDATING";
          health.labels({ deployment, replica, application }).set(serves && !this.#failing.has(replica) ? 1 : 0);
        }
      }
    }
    this.#forget(present);
    return [...gauges.snapshot(), ...this.#metrics.snapshot()];
  }

  #observe(
    definition: (typeof PER_DEPLOYMENT)[number],
    { application, deployment }: MeteredDeployment,
    ms: number,
  ): void {
    this.#metrics.histogram(definition).labels({ deployment, application }).observe(ms);
  }

  /** R2 */
  #forget(present: ReadonlySet<string>): void {
    const ended = this.#lastLook.ended(present);
    for (const definition of PER_DEPLOYMENT) {
      const metric = this.#metrics.histogram(definition);
      metric.removeWhere(({ application = "", deployment = "" }) => ended(deploymentKey(application, deployment)));
    }
    this.#metrics.counter(METRICS.healthCheckFailures).removeWhere(({ replica = "" }) => ended(replica));
    for (const replica of this.#failing) if (!present.has(replica)) this.#failing.delete(replica);
  }
}

const PER_DEPLOYMENT = [
  METRICS.replicaStartupLatency,
  METRICS.replicaInitializationLatency,
  METRICS.replicaReconfigureLatency,
  METRICS.healthCheckLatency,
  METRICS.replicaShutdownDuration,
] as const;

function setProxies(gauges: MetricRegistry, { proxies }: HeadFacts["status"]): void {
  for (const { nodeId, nodeIp, status } of Object.values(proxies)) {
    const labels = { node_id: nodeId, node_ip_address: nodeIp };
    gauges.gauge(METRICS.proxyStatus).labels(labels).set(PROXY_VALUE[status]);
  }
}

function setSubscribers(gauges: MetricRegistry, subscriptions: HeadFacts["subscriptions"]): void {
  for (const keys of subscriptions) {
    for (const namespace of new Set(Array.from(keys, namespaceOf))) {
      gauges.gauge(METRICS.feedSubscribers).labels({ namespace }).inc();
    }
  }
}

type Details = InstanceStatus["applications"][string]["deployments"][string];

function setAutoscaling(gauges: MetricRegistry, application: string, details: Details, ownPolicy: boolean): void {
  const { name: deployment, autoscaling, targetNumReplicas } = details;
  if (autoscaling === null) return;
  const labels = { deployment, application };
  gauges.gauge(METRICS.autoscalingTargetReplicas).labels(labels).set(targetNumReplicas);
  for (const [name, definition] of Object.entries(AUTOSCALING_GAUGES)) {
    const value = autoscaling.metrics[name];
    if (value !== undefined) gauges.gauge(definition).labels(labels).set(value);
  }
  const policyMs = autoscaling.metrics["policyExecutionTimeMs"];
  if (policyMs === undefined) return;
  const policy_scope = ownPolicy ? "deployment" : "application";
  gauges
    .gauge(METRICS.autoscalingPolicyTime)
    .labels({ ...labels, policy_scope })
    .set(policyMs);
}

/** By the name that status has for them. */
const AUTOSCALING_GAUGES = {
  targetOngoingRequests: METRICS.autoscalingTargetOngoingRequests,
  totalRequests: METRICS.autoscalingTotalRequests,
  desiredReplicas: METRICS.autoscalingDesiredReplicas,
} as const;

/** Ray's name of what a key of the feed is about. */
function namespaceOf(key: string): string {
  if (key === ROUTES_KEY) return "ROUTE_TABLE";
  return key === LOGGING_KEY ? "GLOBAL_LOGGING_CONFIG" : "DEPLOYMENT_TARGETS";
}
