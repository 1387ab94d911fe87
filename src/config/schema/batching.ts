// Options of `batch()` and `multiplexed()` (inventory 1.7; rules B8 and M1).
import { z } from "zod";
import { optionDocs } from "./option-docs.ts";

const since = "0.1.0";

/** Options of `batch()`. Its `batchSizeFn` is a function and checked where it is taken. */
export const batchSchema = z.strictObject({
  maxBatchSize: z.int().min(1).default(10).register(optionDocs, {
    text: "Most items of one batch; with `batchSizeFn` the highest value it may have.",
    unit: null,
    update: "restart",
    rayName: "max_batch_size",
    since,
  }),
  batchWaitTimeoutS: z.number().min(0).default(0.01).register(optionDocs, {
    text: "Longest wait of a batch for further items, counted from its first; 0 takes what is there in this turn.",
    unit: "s",
    update: "restart",
    rayName: "batch_wait_timeout_s",
    since,
  }),
  maxConcurrentBatches: z.int().min(1).default(1).register(optionDocs, {
    text: "How many batches run at a time; further ones form meanwhile.",
    unit: null,
    update: "restart",
    rayName: "max_concurrent_batches",
    since,
  }),
  targetLatencyS: z.number().gt(0).optional().register(optionDocs, {
    text: "Goal for the 95th percentile of an item's time from call to result. Size and wait of batches are then learned, within `maxBatchSize`; `batchWaitTimeoutS` has no say.",
    unit: "s",
    update: "restart",
    rayName: null,
    since,
  }),
});

/** Options of `multiplexed()`. */
export const multiplexedSchema = z.strictObject({
  maxNumModelsPerReplica: z
    .union([z.literal(-1), z.int().min(1)])
    .default(3)
    .register(optionDocs, {
      text: "How many models a replica holds before the one used longest ago is given up; -1: no limit.",
      unit: null,
      update: "restart",
      rayName: "max_num_models_per_replica",
      since,
    }),
});
