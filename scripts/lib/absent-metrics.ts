// Metrics that Ray Serve 2.60 has (reference 3.2) and this version has not, and why. docs/reference/metrics.md lists them.

/** Names of Ray without prefix and `_total`, by the reason why they are not here. */
export const ABSENT_METRICS: Readonly<Record<string, readonly string[]>> = {
  "gRPC comes with an issue of its own": [
    "serve_num_grpc_requests",
    "serve_num_grpc_error_requests",
    "serve_num_deployment_grpc_error_requests",
    "serve_grpc_request_latency_ms",
    "serve_num_ongoing_grpc_requests",
  ],
  "a report tells how old each figure is, not when it was taken, so that clocks of two machines are never compared; status says `metricsHealth`":
    ["serve_autoscaling_replica_metrics_delay_ms", "serve_autoscaling_handle_metrics_delay_ms"],
  "the engine tells of nodes by events; the loop does not look for them": ["serve_controller_node_update_duration_s"],
  "replicas are not moved together to free nodes": ["serve_num_compacted_nodes"],
  "there is no HAProxy mode: Manta's own proxy does that work": [
    "serve_haproxy_update_latency_s",
    "serve_haproxy_ingress_router_requests",
    "serve_haproxy_ingress_router_truncations",
    "serve_haproxy_ingress_router_latency_ms",
    "serve_haproxy_ingress_router_server_mismatch",
    "serve_haproxy_ingress_router_failures",
    "serve_haproxy_process_count",
    "serve_haproxy_target_mismatch",
  ],
};
