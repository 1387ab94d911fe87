import { expect, it } from "vitest";
import { METRICS } from "../../src/telemetry/metric-names.ts";
import { ABSENT_METRICS } from "./absent-metrics.ts";

/** Names of Ray Serve 2.60 (reference 3.2), common parts written once. */
const RAY = `
  serve_num_{http_requests,grpc_requests,http_error_requests,grpc_error_requests}
  serve_num_deployment_{http_error_requests,grpc_error_requests} serve_{http,grpc}_request_latency_ms
  serve_num_ongoing_{http,grpc}_requests serve_num_router_requests serve_deployment_queued_queries
  serve_num_ongoing_requests_at_replicas serve_router_args_resolution_latency_ms serve_reserved_slots_active
  serve_handle_request_counter serve_num_scheduling_tasks serve_num_scheduling_tasks_in_backoff
  serve_request_router_{fulfillment_time_ms,queue_len}
  serve_deployment_{replica_starts,request_counter,error_counter,processing_latency_ms,max_processing_latency_ms}
  serve_replica_{processing_queries,utilization_percent} serve_record_autoscaling_stats_failed
  serve_user_autoscaling_stats_latency_ms serve_deployment_replica_healthy
  serve_replica_{startup_latency_ms,initialization_latency_ms,reconfigure_latency_ms,shutdown_duration_ms}
  serve_health_check_{latency_ms,failures_total} serve_routing_stats_{delay_ms,error} serve_{deployment,application}_status
  serve_autoscaling_{target_replicas,desired_replicas,total_requests,target_ongoing_requests,policy_execution_time_ms}
  serve_autoscaling_{replica,handle}_metrics_delay_ms
  serve_controller_{control_loop_duration_s,sleep_duration_s,node_update_duration_s,proxy_state_update_duration_s}
  serve_controller_{deployment_state_update_duration_s,application_state_update_duration_s,num_control_loops}
  serve_num_compacted_nodes serve_proxy_{status,shutdown_duration_ms}
  serve_long_poll_{latency_ms,host_transmission_counter,pending_clients}
  serve_batch_{wait_time_ms,execution_time_ms,utilization_percent,queue_length} serve_actual_batch_size
  serve_batches_processed serve_multiplexed_model_{load,unload}_latency_ms serve_num_multiplexed_models
  serve_registered_multiplexed_model_id
  serve_multiplexed_{get_model_requests_counter,models_load_counter,models_unload_counter}
  serve_event_loop_{scheduling_latency_ms,monitoring_iterations,tasks} serve_haproxy_update_latency_s
  serve_haproxy_ingress_router_{requests,truncations,latency_ms,server_mismatch,failures}
  serve_haproxy_{process_count,target_mismatch}
`;

/** What Ray Serve has no name for: why batches were closed (B7). */
const OWN = ["serve_batches_closed"];

function expand(text: string): string[] {
  return text
    .trim()
    .split(/\s+/)
    .flatMap((word) => {
      const [, before = "", inside, after = ""] = /^(.*?)\{(.*)\}(.*)$/.exec(word) ?? [];
      return inside === undefined ? [word] : inside.split(",").map((part) => before + part + after);
    });
}

it("has or explains every metric of Ray Serve, and names few that Ray has not (reference 3.2)", () => {
  const here = Object.values(METRICS).map(({ name }): string => name);
  const absent = Object.values(ABSENT_METRICS).flat();
  expect(here.filter((name) => absent.includes(name))).toEqual([]);
  expect([...here, ...absent].toSorted()).toEqual([...expand(RAY), ...OWN].toSorted());
});
