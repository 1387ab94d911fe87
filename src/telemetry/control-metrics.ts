// Metrics of the control plane: controller, statuses, autoscaling, change feed; and of each program's event loop
// (reference 3.2).
import { EVENT_LOOP_BUCKETS_MS, REQUEST_LATENCY_BUCKETS_MS, STARTUP_BUCKETS_MS } from "./buckets.ts";
import type { MetricDefinition } from "./metrics.ts";

const atReplica = ["deployment", "replica", "application"] as const;
const atDeployment = ["deployment", "application"] as const;
const atNode = ["node_id", "node_ip_address"] as const;
const atLoop = ["component", "loop_type", "actor_id", "deployment", "application"] as const;

/** Definitions by the name that code uses. */
export const CONTROL_METRICS = {
  replicaHealthy: {
    kind: "gauge",
    name: "serve_deployment_replica_healthy",
    help: "1 while the replica serves and its last health check passed, else 0.",
    labels: atReplica,
  },
  replicaStartupLatency: {
    kind: "histogram",
    name: "serve_replica_startup_latency_ms",
    help: "Time from the order to start a replica to its being ready, milliseconds.",
    labels: atDeployment,
    buckets: STARTUP_BUCKETS_MS,
    bucketSet: "startup",
  },
  replicaInitializationLatency: {
    kind: "histogram",
    name: "serve_replica_initialization_latency_ms",
    help: "The part of it from the load order on: import, constructor, setup, reconfigure, first health check; milliseconds.",
    labels: atDeployment,
    buckets: STARTUP_BUCKETS_MS,
    bucketSet: "startup",
  },
  replicaReconfigureLatency: {
    kind: "histogram",
    name: "serve_replica_reconfigure_latency_ms",
    help: "Time that a running replica took to apply changed options, milliseconds.",
    labels: atDeployment,
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "request",
  },
  healthCheckLatency: {
    kind: "histogram",
    name: "serve_health_check_latency_ms",
    help: "Time that a replica's answer to a health check took, milliseconds.",
    labels: atDeployment,
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "request",
  },
  replicaShutdownDuration: {
    kind: "histogram",
    name: "serve_replica_shutdown_duration_ms",
    help: "Time from the order to end a replica to the end of its process, milliseconds.",
    labels: atDeployment,
    buckets: STARTUP_BUCKETS_MS,
    bucketSet: "startup",
  },
  healthCheckFailures: {
    kind: "counter",
    name: "serve_health_check_failures_total",
    help: "Health checks that failed or were not answered in time.",
    labels: atReplica,
  },
  deploymentStatus: {
    kind: "gauge",
    name: "serve_deployment_status",
    help: "Status of the deployment: 1 DEPLOY_FAILED, 2 UNHEALTHY, 3 UPDATING, 4 UPSCALING, 5 DOWNSCALING, 6 HEALTHY.",
    labels: atDeployment,
  },
  applicationStatus: {
    kind: "gauge",
    name: "serve_application_status",
    help: "Status of the application: 1 DEPLOY_FAILED, 2 UNHEALTHY, 3 NOT_STARTED, 4 DELETING, 5 DEPLOYING, 6 RUNNING.",
    labels: ["application"],
  },
  autoscalingTargetReplicas: {
    kind: "gauge",
    name: "serve_autoscaling_target_replicas",
    help: "Number of replicas that the deployment is brought to.",
    labels: atDeployment,
  },
  autoscalingDesiredReplicas: {
    kind: "gauge",
    name: "serve_autoscaling_desired_replicas",
    help: "Number of replicas that the last decision asked for, before delays.",
    labels: atDeployment,
  },
  autoscalingTotalRequests: {
    kind: "gauge",
    name: "serve_autoscaling_total_requests",
    help: "Requests, queued and ongoing, that the last decision counted.",
    labels: atDeployment,
  },
  autoscalingTargetOngoingRequests: {
    kind: "gauge",
    name: "serve_autoscaling_target_ongoing_requests",
    help: "Option targetOngoingRequests of the deployment.",
    labels: atDeployment,
  },
  autoscalingPolicyTime: {
    kind: "gauge",
    name: "serve_autoscaling_policy_execution_time_ms",
    help: "Time that the last answer of the user's policy took, milliseconds; the default policy has none.",
    labels: [...atDeployment, "policy_scope"],
  },
  controlLoopDuration: {
    kind: "gauge",
    name: "serve_controller_control_loop_duration_s",
    help: "Time that the last turn of the control loop took, seconds.",
    labels: [],
  },
  controlLoopSleep: {
    kind: "gauge",
    name: "serve_controller_sleep_duration_s",
    help: "Time between the last two turns, in which nothing had to be done, seconds.",
    labels: [],
  },
  proxyUpdateDuration: {
    kind: "gauge",
    name: "serve_controller_proxy_state_update_duration_s",
    help: "The part of the turn that decided on proxies, seconds.",
    labels: [],
  },
  deploymentUpdateDuration: {
    kind: "gauge",
    name: "serve_controller_deployment_state_update_duration_s",
    help: "The part of the turn that decided on replicas, seconds.",
    labels: [],
  },
  applicationUpdateDuration: {
    kind: "gauge",
    name: "serve_controller_application_state_update_duration_s",
    help: "The part of the turn that decided on applications and statuses, seconds.",
    labels: [],
  },
  controlLoops: {
    kind: "gauge",
    name: "serve_controller_num_control_loops",
    help: "Turns of the control loop since the head started.",
    labels: ["actor_id"],
  },
  proxyStatus: {
    kind: "gauge",
    name: "serve_proxy_status",
    help: "Status of the node's proxy: 1 STARTING, 2 HEALTHY, 3 UNHEALTHY, 4 DRAINING, 5 DRAINED.",
    labels: atNode,
  },
  proxyShutdownDuration: {
    kind: "histogram",
    name: "serve_proxy_shutdown_duration_ms",
    help: "Time from the order to end a proxy to the end of its process, milliseconds.",
    labels: atNode,
    buckets: STARTUP_BUCKETS_MS,
    bucketSet: "startup",
  },
  feedLatency: {
    kind: "histogram",
    name: "serve_long_poll_latency_ms",
    help: "Time from sending a change to its being in effect at a subscriber of the change feed, milliseconds.",
    labels: ["namespace"],
    buckets: REQUEST_LATENCY_BUCKETS_MS,
  },
  feedTransmissions: {
    kind: "counter",
    name: "serve_long_poll_host_transmission_counter",
    help: "Changes sent to subscribers of the change feed.",
    labels: ["namespace_or_state"],
  },
  feedSubscribers: {
    kind: "gauge",
    name: "serve_long_poll_pending_clients",
    help: "Subscribers that wait for the next change.",
    labels: ["namespace"],
  },
  eventLoopLatency: {
    kind: "histogram",
    name: "serve_event_loop_scheduling_latency_ms",
    help: "How much later than asked for the event loop ran a timer, milliseconds.",
    labels: atLoop,
    buckets: EVENT_LOOP_BUCKETS_MS,
  },
  eventLoopIterations: {
    kind: "counter",
    name: "serve_event_loop_monitoring_iterations",
    help: "Measurements of the event loop.",
    labels: atLoop,
  },
  eventLoopTasks: {
    kind: "gauge",
    name: "serve_event_loop_tasks",
    help: "What the event loop waits for: open sockets, timers and pending operations.",
    labels: atLoop,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
