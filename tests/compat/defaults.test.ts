// Fields and defaults of config files, against Ray's as they are checked in. `npm run test:compat` asks Ray again.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { documentObject, type DocumentField, type DocumentObject } from "../../src/config/document.ts";
import type { OPTIONS } from "../../src/config/options.generated.ts";
import { rayRouterClass, RAY_POLICY } from "../../src/config/ray-names.ts";

type Fields = Readonly<Record<string, unknown>>;

const ray = JSON.parse(readFileSync(join(import.meta.dirname, "defaults.json"), "utf8")) as Readonly<
  Record<string, Fields>
>;

/** Fields that only one side has, and why. */
const ONLY_OURS: readonly string[] = ["http.max_body_bytes"];
/** Refused by name (reference 2.3). */
const ONLY_RAYS: readonly string[] = ["fileApplication.host", "fileApplication.port"];

/** Our default where it says the same in other words, or something else on purpose. */
const OTHERWISE: Readonly<Record<string, readonly [ours: unknown, why: string]>> = {
  "deployment.max_surge_percent": [null, "unset means surge first (semantics D2)"],
  "resources.num_cpus": [1, "null means Ray's default, which is 1"],
  "resources.num_gpus": [0, "null means none"],
  "requestRouter.request_router_class": ["pow2", `${rayRouterClass("pow2")} by our name`],
  "autoscalingPolicy.policy_function": [undefined, `${RAY_POLICY} is the built-in one`],
};

/** `ray_actor_options` is the one object that is no group of ours (names.ts). */
function objectOf(group: string): DocumentObject {
  const actor = documentObject("deployment").fields.get("ray_actor_options")?.object;
  return group === "resources" && actor !== undefined ? actor : documentObject(group as keyof typeof OPTIONS);
}

const cases = Object.entries(ray).flatMap(([group, fields]) => {
  const object = objectOf(group);
  const names = new Set([...Object.keys(fields), ...object.fields.keys()]);
  return [...names].map((name) => ({
    name: `${group}.${name}`,
    ours: object.fields.get(name),
    hasRay: name in fields,
    rays: fields[name],
  }));
});

function defaultOf({ facts, form }: DocumentField): unknown {
  return facts.required === true ? "required" : (form.default ?? facts.default);
}

describe("config files", () => {
  it.each(cases)("have $name as Ray's do", ({ name, ours, hasRay, rays }) => {
    expect({ ours: ours !== undefined, rays: hasRay }).toEqual({
      ours: !ONLY_RAYS.includes(name),
      rays: !ONLY_OURS.includes(name),
    });
    // An object has its fields, and they their defaults.
    if (ours === undefined || !hasRay || (ours.object !== undefined && (rays === null || typeof rays === "object")))
      return;
    const otherwise = OTHERWISE[name];
    expect(defaultOf(ours)).toEqual(otherwise === undefined ? rays : otherwise[0]);
    if (otherwise !== undefined) expect(otherwise[0]).not.toEqual(rays);
  });

  it("differ only in fields that exist", () => {
    const names = new Set(cases.map(({ name }) => name));
    expect([...ONLY_OURS, ...ONLY_RAYS, ...Object.keys(OTHERWISE)].filter((name) => !names.has(name))).toEqual([]);
  });
});
