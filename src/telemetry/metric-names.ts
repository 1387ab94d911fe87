// Every metric of this version with Ray Serve's name, type, labels and buckets (reference 3.2), so that dashboards made
// for Ray find their data. docs/reference/metrics.md is written from this table.
import type { MetricDefinition } from "./metrics.ts";

/** Bucket bounds of request latencies in milliseconds: set L of reference 3.2. */
export const REQUEST_LATENCY_BUCKETS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 500, 1000, 2000, 5000, 10_000, 60_000, 120_000, 300_000, 600_000,
] as const;

const atCaller = ["deployment", "application", "handle", "actor_id"] as const;
const atReplica = ["deployment", "replica", "application"] as const;

/** Definitions by the name that code uses. */
export const METRICS = {
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
  handleRequests: {
    kind: "counter",
    name: "serve_handle_request_counter",
    help: "Calls made through a handle.",
    labels: ["handle", "deployment", "route", "application"],
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
  },
  processingQueries: {
    kind: "gauge",
    name: "serve_replica_processing_queries",
    help: "Requests that the replica executes now.",
    labels: atReplica,
  },
  replicaHealthy: {
    kind: "gauge",
    name: "serve_deployment_replica_healthy",
    help: "1 while the replica is healthy, else 0.",
    labels: atReplica,
  },
  deploymentStatus: {
    kind: "gauge",
    name: "serve_deployment_status",
    help: "Status of the deployment: 1 DEPLOY_FAILED, 2 UNHEALTHY, 3 UPDATING, 4 UPSCALING, 5 DOWNSCALING, 6 HEALTHY.",
    labels: ["deployment", "application"],
  },
  applicationStatus: {
    kind: "gauge",
    name: "serve_application_status",
    help: "Status of the application: 1 DEPLOY_FAILED, 2 UNHEALTHY, 3 NOT_STARTED, 4 DELETING, 5 DEPLOYING, 6 RUNNING.",
    labels: ["application"],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
