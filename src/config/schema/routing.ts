// How callers choose a replica, and what they answer when they may not wait (reference 2.4, 2.5).
import { z } from "zod";
import { jsonValue } from "./json-schema.ts";
import { optionDocs } from "./option-docs.ts";

const since = "0.1.0";
const unused = "Accepted for Ray Serve's sake and without effect: callers wait for a free slot and do not poll.";

/** `backpressureConfig` of a deployment. */
export const backpressureSchema = z.strictObject({
  statusCode: z
    .union([z.literal(503), z.literal(429)])
    .default(503)
    .register(optionDocs, {
      text: "HTTP status of BACK_PRESSURE.",
      unit: null,
      update: "reconfigure",
      rayName: "status_code",
      since,
    }),
  retryAfterS: z.number().min(0).nullable().default(null).register(optionDocs, {
    text: "Value of `retry-after`, rounded up; null: 1.",
    unit: "s",
    update: "reconfigure",
    rayName: "retry_after_s",
    since,
  }),
});

/** `requestRouterConfig` of a deployment. */
export const requestRouterSchema = z.strictObject({
  requestRouterClass: z.string().min(1).default("pow2").register(optionDocs, {
    text: "How a replica is chosen: `pow2` (the less busy of two), `round-robin`, `least-loaded`, `consistent-hash` (by session id), or the import path of a class with `choose`: `./router.ts:MyRouter`. Ray Serve's import paths of its built-in routers mean ours.",
    unit: null,
    update: "reconfigure",
    rayName: "request_router_class",
    since,
    expected: "the name of a router or an import path: a non-empty string",
  }),
  requestRouterKwargs: z.record(z.string(), jsonValue()).default({}).register(optionDocs, {
    text: "JSON data for the router, by name.",
    unit: null,
    update: "reconfigure",
    rayName: "request_router_kwargs",
    since,
    expected: "an object of JSON data",
  }),
  requestRoutingStatsPeriodS: z.number().gt(0).default(10).register(optionDocs, {
    text: "Time between two calls of `recordRoutingStats`.",
    unit: "s",
    update: "reconfigure",
    rayName: "request_routing_stats_period_s",
    since,
  }),
  requestRoutingStatsTimeoutS: z.number().gt(0).default(30).register(optionDocs, {
    text: "Longest time that `recordRoutingStats` may take.",
    unit: "s",
    update: "reconfigure",
    rayName: "request_routing_stats_timeout_s",
    since,
  }),
  initialBackoffS: z.number().gt(0).default(0.025).register(optionDocs, {
    text: unused,
    unit: "s",
    update: "live",
    rayName: "initial_backoff_s",
    since,
  }),
  backoffMultiplier: z.number().gt(0).default(2).register(optionDocs, {
    text: unused,
    unit: null,
    update: "live",
    rayName: "backoff_multiplier",
    since,
  }),
  maxBackoffS: z.number().gt(0).default(0.5).register(optionDocs, {
    text: unused,
    unit: "s",
    update: "live",
    rayName: "max_backoff_s",
    since,
  }),
});
