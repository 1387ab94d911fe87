// What a replica needs and what runs beside it: resources, environment, gangs, deployment actors. Names, bounds and
// defaults are Ray Serve's (reference 2.4, 2.5); a change of any of them replaces the replicas (reference 2.6).
import { z } from "zod";
import { jsonValue } from "./json-schema.ts";
import { optionDocs } from "./option-docs.ts";

const since = "0.1.0";
const text = (): z.ZodString => z.string().min(1);
const amount = (): z.ZodNumber => z.number().min(0);

/** Kubernetes' label names, as Ray takes them. */
const label = "[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?";
const labelKey = new RegExp(`^(?:[a-zA-Z0-9_.-]{1,253}/)?${label}$`);
const labelValue = new RegExp(`^(?:!?(?:${label}|(?:in)?\\(${label}(?:, ?${label})*\\)))?$`);

/** Names and values of an environment: nothing that the operating system would cut off. */
const envVars = z.record(z.string().regex(/^[^=\0]+$/), z.string().regex(/^[^\0]*$/));

/** `runtimeEnv` of a deployment and of an application. */
export const runtimeEnvSchema = z.strictObject({
  envVars: envVars.default({}).register(optionDocs, {
    text: "Environment variables of the replicas, on top of those the head was started with.",
    unit: null,
    update: "restart",
    rayName: "env_vars",
    since,
    expected: 'strings by name, without NUL, a name without "="',
    secret: true,
  }),
  workingDir: text().nullable().default(null).register(optionDocs, {
    text: "Folder in which the replicas run and against which relative import paths are read; null: that of the application.",
    unit: null,
    update: "restart",
    rayName: "working_dir",
    since,
    expected: "a folder: a non-empty string; or null",
  }),
  nodeOptions: z.array(text()).default([]).register(optionDocs, {
    text: "Flags of Node.js for the replicas' processes: `--max-old-space-size=4096`.",
    unit: null,
    update: "restart",
    rayName: null,
    since,
    expected: "a list of non-empty strings",
  }),
  pip: z
    .array(text())
    .nullable()
    .default(null)
    .register(optionDocs, {
      text: "Python packages of the replicas; only on an engine that can install them.",
      unit: null,
      update: "restart",
      rayName: "pip",
      since,
      file: { rule: { kind: "json" } },
      expected: "a list of non-empty strings or null",
    }),
});

const labels = z.record(z.string().regex(labelKey), z.string().regex(labelValue));

/** One of `fallbackStrategy`. */
export const fallbackSchema = z.strictObject({
  labelSelector: labels.register(optionDocs, {
    text: "Labels that the replica's node must have instead.",
    unit: null,
    update: "restart",
    rayName: "label_selector",
    since,
    expected: "labels by name, each a value, !value, in(a, b) or !in(a, b)",
  }),
});

/** `resources` of a deployment: Ray Serve's `ray_actor_options` without `runtime_env`. */
export const resourcesSchema = z.strictObject({
  cpus: amount()
    .default(1)
    .register(optionDocs, {
      text: "CPUs that one replica claims. The local engine counts them only when the instance has `numCpus`.",
      unit: null,
      update: "restart",
      rayName: "num_cpus",
      since,
      file: { nullable: true },
    }),
  gpus: amount()
    .default(0)
    .register(optionDocs, {
      text: "GPUs that one replica claims; fractions share one.",
      unit: null,
      update: "restart",
      rayName: "num_gpus",
      since,
      file: { nullable: true },
    }),
  memoryBytes: amount().nullable().default(null).register(optionDocs, {
    text: "Memory that one replica claims; null: not counted.",
    unit: "bytes",
    update: "restart",
    rayName: "memory",
    since,
  }),
  acceleratorType: text().nullable().default(null).register(optionDocs, {
    text: "Kind of accelerator that the replica's node must have.",
    unit: null,
    update: "restart",
    rayName: "accelerator_type",
    since,
    expected: "a non-empty string or null",
  }),
  custom: z.record(z.string(), amount()).default({}).register(optionDocs, {
    text: "Amounts of further resources that one replica claims, by name.",
    unit: null,
    update: "restart",
    rayName: "resources",
    since,
  }),
  labelSelector: labels.nullable().default(null).register(optionDocs, {
    text: "Labels that the replica's node must have.",
    unit: null,
    update: "restart",
    rayName: "label_selector",
    since,
    expected: "labels by name, each a value, !value, in(a, b) or !in(a, b); or null",
  }),
  fallbackStrategy: z.array(fallbackSchema).nullable().default(null).register(optionDocs, {
    text: "What to try in turn when no node fits `labelSelector`.",
    unit: null,
    update: "restart",
    rayName: "fallback_strategy",
    since,
  }),
});

/** `gangSchedulingConfig` of a deployment. */
export const gangSchema = z.strictObject({
  gangSize: z.int().min(1).register(optionDocs, {
    text: "How many replicas start and fail together; the number of replicas is a multiple of it.",
    unit: null,
    update: "restart",
    rayName: "gang_size",
    since,
  }),
  gangPlacementStrategy: z.enum(["PACK", "SPREAD"]).default("PACK").register(optionDocs, {
    text: "Whether a gang prefers one node or many.",
    unit: null,
    update: "restart",
    rayName: "gang_placement_strategy",
    since,
  }),
  runtimeFailurePolicy: z.enum(["RESTART_GANG"]).default("RESTART_GANG").register(optionDocs, {
    text: "What happens to a gang when one of its replicas fails.",
    unit: null,
    update: "restart",
    rayName: "runtime_failure_policy",
    since,
  }),
});

/** One of `deploymentActors` of a deployment. */
export const deploymentActorSchema = z.strictObject({
  name: text().register(optionDocs, {
    text: "Name within the deployment.",
    unit: null,
    update: "restart",
    rayName: "name",
    since,
    expected: "a non-empty string",
  }),
  actorClass: text().register(optionDocs, {
    text: "Import path of its class.",
    unit: null,
    update: "restart",
    rayName: "actor_class",
    since,
    expected: "an import path: a non-empty string",
  }),
  initArgs: z.array(jsonValue()).default([]).register(optionDocs, {
    text: "Arguments of its constructor.",
    unit: null,
    update: "restart",
    rayName: "init_args",
    since,
  }),
  initKwargs: z.record(z.string(), jsonValue()).default({}).register(optionDocs, {
    text: "Arguments of its constructor by name (Python).",
    unit: null,
    update: "restart",
    rayName: "init_kwargs",
    since,
    expected: "an object of JSON data",
  }),
  actorOptions: z.record(z.string(), jsonValue()).default({}).register(optionDocs, {
    text: "Ray's options of the actor, by Ray's names.",
    unit: null,
    update: "restart",
    rayName: "actor_options",
    since,
    expected: "an object of JSON data",
  }),
});
