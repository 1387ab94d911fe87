// Counts what batches and multiplexed models do in a replica, under Ray Serve's names (reference 3.2). Elsewhere nothing.
import type { BatchRecord } from "../batching/batcher.ts";
import { METRICS } from "../telemetry/metric-names.ts";
import type { Runtime } from "./runtime.ts";

/** Told of each batch of one function. */
export type BatchMeter = (record: BatchRecord, queued: number) => void;

/** @param name of the function, as in `Model.predict` @returns undefined where nothing is counted */
export function batchMeter({ metrics, replica }: Runtime, name: string): BatchMeter | undefined {
  if (metrics === undefined || replica === undefined) return undefined;
  const { deployment, application, replicaId } = replica;
  const labels = { function_name: name, deployment, replica: replicaId, application };
  const wait = metrics.histogram(METRICS.batchWait).labels(labels);
  const execution = metrics.histogram(METRICS.batchExecution).labels(labels);
  const utilization = metrics.histogram(METRICS.batchUtilization).labels(labels);
  const size = metrics.histogram(METRICS.batchSize).labels(labels);
  const queue = metrics.gauge(METRICS.batchQueue).labels(labels);
  const processed = metrics.counter(METRICS.batchesProcessed).labels(labels);
  const closed = metrics.counter(METRICS.batchesClosed);
  return (record, queued) => {
    for (const waitMs of record.waitsMs) wait.observe(waitMs);
    execution.observe(record.runMs);
    utilization.observe(record.fill * 100);
    size.observe(record.size);
    queue.set(queued);
    processed.inc();
    closed.labels({ ...labels, reason: record.reason }).inc();
  };
}

/** Told of the models of one function. Milliseconds. */
export interface ModelMeter {
  asked(): void;
  loaded(ms: number): void;
  unloaded(ms: number): void;
  /** The ids that are held or being loaded. */
  held(ids: readonly string[]): void;
}

/** @returns undefined where nothing is counted */
export function modelMeter({ metrics, replica }: Runtime): ModelMeter | undefined {
  if (metrics === undefined || replica === undefined) return undefined;
  const { deployment, application, replicaId } = replica;
  const labels = { deployment, replica: replicaId, application };
  const requests = metrics.counter(METRICS.modelRequests).labels(labels);
  const loads = metrics.counter(METRICS.modelsLoaded).labels(labels);
  const unloads = metrics.counter(METRICS.modelsUnloaded).labels(labels);
  const loadMs = metrics.histogram(METRICS.modelLoad).labels(labels);
  const unloadMs = metrics.histogram(METRICS.modelUnload).labels(labels);
  const count = metrics.gauge(METRICS.models).labels(labels);
  const registered = metrics.gauge(METRICS.registeredModel);
  let before: readonly string[] = [];
  return {
    asked: () => requests.inc(),
    loaded: (ms) => (loads.inc(), loadMs.observe(ms)),
    unloaded: (ms) => (unloads.inc(), unloadMs.observe(ms)),
    held: (ids) => {
      count.set(ids.length);
      for (const model_id of ids) registered.labels({ ...labels, model_id }).set(1);
      // A series for each id that was ever asked for would grow without bound.
      for (const model_id of before) if (!ids.includes(model_id)) registered.remove({ ...labels, model_id });
      before = ids;
    },
  };
}
