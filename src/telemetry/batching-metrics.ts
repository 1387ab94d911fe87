// Metrics of batches and multiplexed models, counted in replicas (reference 3.2).
import { BATCH_SIZE_BUCKETS, BATCH_UTILIZATION_BUCKETS, REQUEST_LATENCY_BUCKETS_MS } from "./buckets.ts";
import type { MetricDefinition } from "./metrics.ts";

const atReplica = ["deployment", "replica", "application"] as const;
const ofFunction = ["function_name", ...atReplica] as const;

/** Definitions by the name that code uses. */
export const BATCHING_METRICS = {
  batchWait: {
    kind: "histogram",
    name: "serve_batch_wait_time_ms",
    help: "Time that an item waited for its batch to start, milliseconds.",
    labels: ofFunction,
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "request",
  },
  batchExecution: {
    kind: "histogram",
    name: "serve_batch_execution_time_ms",
    help: "Time that a batch ran, milliseconds.",
    labels: ofFunction,
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "request",
  },
  batchUtilization: {
    kind: "histogram",
    name: "serve_batch_utilization_percent",
    help: "Share of its largest size that a batch used, per cent.",
    labels: ofFunction,
    buckets: BATCH_UTILIZATION_BUCKETS,
    bucketSet: "batchUtilization",
  },
  batchSize: {
    kind: "histogram",
    name: "serve_actual_batch_size",
    help: "Items of a batch.",
    labels: ofFunction,
    buckets: BATCH_SIZE_BUCKETS,
    bucketSet: "batchSize",
  },
  batchQueue: {
    kind: "gauge",
    name: "serve_batch_queue_length",
    help: "Items that wait for their batch, when a batch ends.",
    labels: ofFunction,
  },
  batchesProcessed: {
    kind: "counter",
    name: "serve_batches_processed",
    help: "Batches that ran.",
    labels: ofFunction,
  },
  batchesClosed: {
    kind: "counter",
    name: "serve_batches_closed",
    help: "Batches by why they were closed: full, timer, size function, goal, shutdown. Manta's own.",
    labels: [...ofFunction, "reason"],
  },
  modelLoad: {
    kind: "histogram",
    name: "serve_multiplexed_model_load_latency_ms",
    help: "Time that a model took to load, milliseconds.",
    labels: atReplica,
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "modelLoad",
  },
  modelUnload: {
    kind: "histogram",
    name: "serve_multiplexed_model_unload_latency_ms",
    help: "Time that a model took to be disposed of, milliseconds.",
    labels: atReplica,
    buckets: REQUEST_LATENCY_BUCKETS_MS,
    bucketSet: "modelLoad",
  },
  models: {
    kind: "gauge",
    name: "serve_num_multiplexed_models",
    help: "Models that the replica holds or loads.",
    labels: atReplica,
  },
  registeredModel: {
    kind: "gauge",
    name: "serve_registered_multiplexed_model_id",
    help: "1 while the replica holds or loads the model.",
    labels: [...atReplica, "model_id"],
  },
  modelRequests: {
    kind: "counter",
    name: "serve_multiplexed_get_model_requests_counter",
    help: "How often a model was asked for.",
    labels: atReplica,
  },
  modelsLoaded: {
    kind: "counter",
    name: "serve_multiplexed_models_load_counter",
    help: "Models that were loaded.",
    labels: atReplica,
  },
  modelsUnloaded: {
    kind: "counter",
    name: "serve_multiplexed_models_unload_counter",
    help: "Models that were given up.",
    labels: atReplica,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
