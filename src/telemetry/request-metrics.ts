// Metrics of the request path: proxy, callers, replicas (reference 3.2).
import { REQUEST_LATENCY_BUCKETS_MS } from "./buckets.ts";
import type { MetricDefinition } from "./metrics.ts";

const atCaller = ["deployment", "application", "handle", "actor_id"] as const;
const atRouter = ["deployment", "actor_id", "application", "handle_source"] as const;
const atReplica = ["deployment", "replica", "application"] as const;

/** Definitions by the name that code uses. */
export const REQUEST_METRICS = {
  httpRequests: {
    kind: "counter",
    name: "serve_num_http_requests",
    help: "HTTP requests that the proxy answered. The label route is the application's route prefix, empty for 404.",
    labels: ["route", "method", "application", "status_code"],
  },
  httpErrorRequests: {
    kind: "counter",
    name: "serve_num_http_error_requests",
    help: "HTTP requests that the proxy answered with a status of 400 or above.",
    labels: ["route", "error_code", "method", "application"],
  },
  deploymentHttpErrorRequests: {
    kind: "counter",
    name: "serve_num_deployment_http_error_requests",
    help: "HTTP requests answered with a status of 400 or above, by the ingress deployment that was called.",
    labels: ["deployment", "error_code", "method", "route", "application"],
  },
  httpRequestLatency: {
    kind: "histogram",
    name: "serve_http_request_latency_ms",
    help: "Time from the arrival of an HTTP request at the proxy to the end of its response, milliseconds.",
    labels: ["method", "route", "application", "status_code"],
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "request",
  },
  ongoingHttpRequests: {
    kind: "gauge",
    name: "serve_num_ongoing_http_requests",
    help: "HTTP requests that the proxy has taken and not finished.",
    labels: ["node_id", "node_ip_address"],
  },
  routerRequests: {
    kind: "counter",
    name: "serve_num_router_requests",
    help: "Requests that a caller's router has taken for a deployment.",
    labels: ["deployment", "route", "application", "handle", "actor_id"],
  },
  queuedQueries: {
    kind: "gauge",
    name: "serve_deployment_queued_queries",
    help: "Requests that wait at a caller for a replica of the deployment.",
    labels: atCaller,
  },
  ongoingRequestsAtReplicas: {
    kind: "gauge",
    name: "serve_num_ongoing_requests_at_replicas",
    help: "Requests that a caller has sent to replicas of the deployment and that are not finished.",
    labels: atCaller,
  },
  argsResolutionLatency: {
    kind: "histogram",
    name: "serve_router_args_resolution_latency_ms",
    help: "Time that a call through a handle waited for arguments that are responses, milliseconds; calls without such count as 0.",
    labels: atCaller,
    buckets: REQUEST_LATENCY_BUCKETS_MS,
  },
  reservedSlots: {
    kind: "gauge",
    name: "serve_reserved_slots_active",
    help: "Slots that a replica holds free for a caller that it refused before; handle and actor_id are the replica.",
    labels: atCaller,
  },
  handleRequests: {
    kind: "counter",
    name: "serve_handle_request_counter",
    help: "Calls made through a handle.",
    labels: ["handle", "deployment", "route", "application"],
  },
  schedulingTasks: {
    kind: "gauge",
    name: "serve_num_scheduling_tasks",
    help: "Requests of a caller that no replica has taken yet.",
    labels: ["app", ...atRouter],
  },
  schedulingTasksInBackoff: {
    kind: "gauge",
    name: "serve_num_scheduling_tasks_in_backoff",
    help: "Those of them for which every connected replica is full. They wait for a slot; nothing is polled.",
    labels: ["app", ...atRouter],
  },
  fulfillmentTime: {
    kind: "histogram",
    name: "serve_request_router_fulfillment_time_ms",
    help: "Time from the router's taking a request to its sending it to a replica, milliseconds.",
    labels: atRouter,
    buckets: REQUEST_LATENCY_BUCKETS_MS,
  },
  routerQueueLength: {
    kind: "gauge",
    name: "serve_request_router_queue_len",
    help: "Ongoing requests of a replica as the caller knows them, those of other callers included.",
    labels: ["deployment", "replica_id", "actor_id", "application", "handle_source"],
  },
  replicaStarts: {
    kind: "counter",
    name: "serve_deployment_replica_starts",
    help: "Starts of the replica.",
    labels: atReplica,
  },
  deploymentRequests: {
    kind: "counter",
    name: "serve_deployment_request_counter",
    help: "Requests that the replica finished with success.",
    labels: [...atReplica, "route"],
    hasBareTwin: true,
  },
  deploymentErrors: {
    kind: "counter",
    name: "serve_deployment_error_counter",
    help: "Requests that failed in the replica.",
    labels: [...atReplica, "route", "exception_type"],
  },
  processingLatency: {
    kind: "histogram",
    name: "serve_deployment_processing_latency_ms",
    help: "Time that the replica took for a request, milliseconds.",
    labels: [...atReplica, "route"],
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "request",
  },
  maxProcessingLatency: {
    kind: "gauge",
    name: "serve_deployment_max_processing_latency_ms",
    help: "Longest time that the replica took for a request that ended within the last 60 s, milliseconds.",
    labels: [...atReplica, "route"],
  },
  processingQueries: {
    kind: "gauge",
    name: "serve_replica_processing_queries",
    help: "Requests that the replica executes now.",
    labels: atReplica,
  },
  replicaUtilization: {
    kind: "gauge",
    name: "serve_replica_utilization_percent",
    help: "Share of the last 600 s, all slots of maxOngoingRequests together, in which the replica executed requests.",
    labels: atReplica,
  },
  recordAutoscalingStatsFailed: {
    kind: "counter",
    name: "serve_record_autoscaling_stats_failed",
    help: "Calls of the user's recordAutoscalingStats that threw, came late or returned no numbers.",
    labels: [...atReplica, "exception_name"],
  },
  routingStatsDelay: {
    kind: "histogram",
    name: "serve_routing_stats_delay_ms",
    help: "Time that the user's recordRoutingStats took, milliseconds.",
    labels: ["deployment", "application"],
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "request",
  },
  routingStatsError: {
    kind: "counter",
    name: "serve_routing_stats_error",
    help: "Calls of the user's recordRoutingStats that threw or returned no JSON data (exception), or came late (timeout).",
    labels: [...atReplica, "error_type"],
  },
  userAutoscalingStatsLatency: {
    kind: "histogram",
    name: "serve_user_autoscaling_stats_latency_ms",
    help: "Time that the user's recordAutoscalingStats took, milliseconds.",
    labels: atReplica,
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "request",
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
