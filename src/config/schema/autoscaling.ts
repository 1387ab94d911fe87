// Options of autoscaling. Names, bounds and defaults are Ray Serve's (reference 2.5); of their changes a replica notices
// only how often it reports (reference 2.6).
import { z } from "zod";
import { jsonValue } from "./json-schema.ts";
import { optionDocs } from "./option-docs.ts";

const since = "0.1.0";
const seconds = (): z.ZodNumber => z.number().min(0);
const factor = (): z.ZodNullable<z.ZodNumber> => z.number().gt(0).nullable();

/** A custom policy: `policy` of a deployment's autoscaling, `autoscalingPolicy` of an application. */
export const autoscalingPolicySchema = z.strictObject({
  policyFunction: z
    .string()
    .min(1)
    .register(optionDocs, {
      text: "Import path of the policy: `./policies.ts:byHour`.",
      unit: null,
      update: "live",
      rayName: "policy_function",
      since,
      file: { required: false },
      expected: "an import path: a non-empty string",
    }),
  policyKwargs: z.record(z.string(), jsonValue()).default({}).register(optionDocs, {
    text: "JSON data for the policy, by name.",
    unit: null,
    update: "live",
    rayName: "policy_kwargs",
    since,
    expected: "an object of JSON data",
  }),
});

/** `autoscalingConfig` of a deployment. */
export const autoscalingSchema = z.strictObject({
  minReplicas: z.int().min(0).default(1).register(optionDocs, {
    text: "Fewest replicas; 0 lets an idle deployment stop its last one.",
    unit: null,
    update: "live",
    rayName: "min_replicas",
    since,
  }),
  initialReplicas: z.int().min(0).nullable().default(null).register(optionDocs, {
    text: "Replicas right after the first deploy; null: `minReplicas`.",
    unit: null,
    update: "live",
    rayName: "initial_replicas",
    since,
  }),
  maxReplicas: z.int().min(1).default(1).register(optionDocs, {
    text: 'Most replicas. With `numReplicas: "auto"` the default is 100.',
    unit: null,
    update: "live",
    rayName: "max_replicas",
    since,
  }),
  targetOngoingRequests: z
    .number()
    .gt(0)
    .default(2)
    .register(optionDocs, {
      text: "Ongoing and queued requests per replica that scaling aims at.",
      unit: null,
      update: "live",
      rayName: "target_ongoing_requests",
      since,
      file: { nullable: true },
    }),
  metricsIntervalS: z.number().gt(0).default(10).register(optionDocs, {
    text: "Time between two reports of load.",
    unit: "s",
    update: "reconfigure",
    rayName: "metrics_interval_s",
    since,
  }),
  lookBackPeriodS: z.number().gt(0).default(30).register(optionDocs, {
    text: "Time over which load is averaged.",
    unit: "s",
    update: "reconfigure",
    rayName: "look_back_period_s",
    since,
  }),
  smoothingFactor: z.number().gt(0).default(1).register(optionDocs, {
    text: "Deprecated in Ray Serve: the factor of both directions where no other is given.",
    unit: null,
    update: "live",
    rayName: "smoothing_factor",
    since,
  }),
  upscaleSmoothingFactor: factor().default(null).register(optionDocs, {
    text: "Deprecated in Ray Serve: `upscalingFactor` where that is not given.",
    unit: null,
    update: "live",
    rayName: "upscale_smoothing_factor",
    since,
  }),
  downscaleSmoothingFactor: factor().default(null).register(optionDocs, {
    text: "Deprecated in Ray Serve: `downscalingFactor` where that is not given.",
    unit: null,
    update: "live",
    rayName: "downscale_smoothing_factor",
    since,
  }),
  upscalingFactor: factor().default(null).register(optionDocs, {
    text: "Multiplies the replicas that are missing: above 1 scales up faster; null: 1.",
    unit: null,
    update: "live",
    rayName: "upscaling_factor",
    since,
  }),
  downscalingFactor: factor().default(null).register(optionDocs, {
    text: "Multiplies the replicas that are too many: below 1 scales down slower; null: 1.",
    unit: null,
    update: "live",
    rayName: "downscaling_factor",
    since,
  }),
  upscaleDelayS: seconds().default(30).register(optionDocs, {
    text: "How long more replicas must be wanted without a break before they start.",
    unit: "s",
    update: "live",
    rayName: "upscale_delay_s",
    since,
  }),
  downscaleDelayS: seconds().default(600).register(optionDocs, {
    text: "How long fewer replicas must be wanted without a break before some stop.",
    unit: "s",
    update: "live",
    rayName: "downscale_delay_s",
    since,
  }),
  downscaleToZeroDelayS: seconds().nullable().default(null).register(optionDocs, {
    text: "The same for the last replica; null: `downscaleDelayS`.",
    unit: "s",
    update: "live",
    rayName: "downscale_to_zero_delay_s",
    since,
  }),
  aggregationFunction: z
    .enum(["mean", "max", "min"])
    .default("mean")
    .register(optionDocs, {
      text: "What is made of the load over the look-back period.",
      unit: null,
      update: "live",
      rayName: "aggregation_function",
      since,
      file: { convert: "lowerCase" },
    }),
  policy: autoscalingPolicySchema
    .nullable()
    .default(null)
    .register(optionDocs, {
      text: "A policy of your own; null: the built-in one, by ongoing and queued requests.",
      unit: null,
      update: "live",
      rayName: "policy",
      since,
      file: { nullable: false },
    }),
});
