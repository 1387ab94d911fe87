import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { checkOption, checkOptions, resolveOptions, resolveTable } from "./check-options.ts";
import { resolveDeployment } from "./resolve-deployment.ts";
import { isPlainObject } from "./json-value.ts";
import { groupsIn, type OptionTable } from "./option-facts.ts";
import { OPTIONS, type OptionGroup } from "./options.generated.ts";
import { optionGroups } from "./schema/groups.ts";

function faultOf(group: OptionGroup, input: unknown, path = 'deployment("Adder")'): ConfigError {
  try {
    checkOptions(group, input, path);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(input)} was accepted`);
}

function isForeignObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isPlainObject(value);
}

const deploymentKeys = Object.keys(OPTIONS.deployment).join(", ");

describe("checkOptions", () => {
  it.each<[OptionGroup, unknown, string]>([
    ["deployment", { numReplicas: "two" }, '.numReplicas: received "two" (string), expected an integer >= 1 or "auto"'],
    ["deployment", { numReplicas: 1.5 }, '.numReplicas: received 1.5 (number), expected an integer >= 1 or "auto"'],
    ["deployment", { numReplicas: null }, '.numReplicas: received null, expected an integer >= 1 or "auto"'],
    ["deployment", { numReplicas: 3n }, '.numReplicas: received 3 (bigint), expected an integer >= 1 or "auto"'],
    [
      "deployment",
      { autoscalingConfig: { maxReplicas: 0 } },
      ".autoscalingConfig.maxReplicas: received 0 (number), expected an integer >= 1",
    ],
    [
      "deployment",
      { autoscalingConfig: { policy: {} } },
      ".autoscalingConfig.policy.policyFunction: received nothing, expected an import path: a non-empty string",
    ],
    [
      "deployment",
      { autoscalingConfig: 3 },
      ".autoscalingConfig: received 3 (number), expected an object with options",
    ],
    [
      "deployment",
      { placementGroupBundles: [{ CPU: 1 }, { CPU: -1 }] },
      ".placementGroupBundles[1].CPU: received -1 (number), expected a number >= 0",
    ],
    [
      "deployment",
      {
        deploymentActors: [
          { name: "a", actorClass: "b" },
          { name: "c", actor_class: "d" },
        ],
      },
      ".deploymentActors[1].actor_class: received an unknown option, expected one of name, actorClass, initArgs, initKwargs, actorOptions; did you mean actorClass?",
    ],
    [
      "deployment",
      { resources: { labelSelector: { zone: 3 } } },
      ".resources.labelSelector.zone: received 3 (number), expected a string",
    ],
    ["deployment", { maxQueuedRequests: 0 }, ".maxQueuedRequests: received 0 (number), expected -1 or an integer >= 1"],
    ["deployment", { healthCheckPeriodS: NaN }, ".healthCheckPeriodS: received NaN (number), expected a number > 0"],
    [
      "deployment",
      { rollingUpdatePercentage: 2 },
      ".rollingUpdatePercentage: received 2 (number), expected a number > 0 and <= 1",
    ],
    ["deployment", { name: "a#b" }, '.name: received "a#b" (string), expected a non-empty string without "#"'],
    [
      "deployment",
      { userConfig: { labels: [1, new Map()] } },
      ".userConfig.labels[1]: received an instance of Map, expected JSON data: null, booleans, finite numbers, strings, arrays and plain objects",
    ],
    ["deployment", [], ": received an array, expected an object with options"],
    ["deployment", null, ": received null, expected an object with options"],
    ["deployment", Promise.resolve({}), ": received an instance of Promise, expected an object with options"],
    ["http", { port: 70_000 }, ".port: received 70000 (number), expected an integer from 0 to 65535"],
    ["logging", { encoding: "json" }, '.encoding: received "json" (string), expected "TEXT" or "JSON"'],
    ["handle", { signal: {} }, ".signal: received an object, expected an AbortSignal"],
    [
      "application",
      { routePrefix: "/a/" },
      '.routePrefix: received "/a/" (string), expected a path that starts with "/", does not end with "/" unless it is "/", and has no "{" or "}"; or null',
    ],
    [
      "run",
      { http: { prt: 1 } },
      ".http.prt: received an unknown option, expected one of host, port, rootPath, requestTimeoutS, keepAliveTimeoutS, sslCertfile, sslKeyfile, sslKeyfilePassword, sslCaCerts, maxBodyBytes; did you mean port?",
    ],
  ])("says path, received and expected: %s %o", (group, input, message) => {
    expect(faultOf(group, input, "X").message).toBe(`X${message}`);
  });

  it("gives the parts of the message as details", () => {
    const fault = faultOf("deployment", { num_replicas: 2 });
    expect(fault.details).toEqual({
      path: 'deployment("Adder").num_replicas',
      received: "an unknown option",
      expected: `one of ${deploymentKeys}`,
      nearest: "numReplicas",
    });
  });

  it("names the nearest option where one is near", () => {
    expect(faultOf("deployment", { autoscaling_config: {} }).details.nearest).toBe("autoscalingConfig");
    expect(faultOf("deployment", { zzzzzzzz: 1 }).details.nearest).toBeUndefined();
  });

  it("never shows a secret", () => {
    expect(faultOf("admin", { token: 12_345 }).message).not.toContain("12345");
    const env = faultOf("deployment", { runtimeEnv: { envVars: { KEY: 12_345 } } });
    expect(env.message).toBe('deployment("Adder").runtimeEnv.envVars.KEY: received a number, expected a string');
  });

  it("takes an explicit undefined as not given (R1)", () => {
    checkOptions("deployment", { numReplicas: undefined, runtimeEnv: undefined }, "X");
    checkOptions("handle", { priority: undefined }, "X");
    checkOptions("handle", undefined, "X");
    expect(resolveDeployment({ numReplicas: undefined }, "deployment").numReplicas).toBe(1);
  });

  it("reports the first fault in the order of writing (R3)", () => {
    expect(faultOf("http", { port: -1, host: "" }).details.path).toContain("port");
    expect(faultOf("http", { host: "", port: -1 }).details.path).toContain("host");
  });

  it("checks a single value under a name of the caller's choice", () => {
    checkOption("instance", "namespace", "blue.1", "MANTA_NAMESPACE");
    for (const bad of ["", ".", "..", "a/b", "x".repeat(65)]) {
      expect(() => checkOption("instance", "namespace", bad, "MANTA_NAMESPACE")).toThrow(/^MANTA_NAMESPACE: received/);
    }
  });
});

describe("resolveOptions", () => {
  it("gives what zod gives", () => {
    for (const { name, schema } of optionGroups) {
      const required = Object.entries(OPTIONS[name as OptionGroup] as OptionTable).filter(
        ([, facts]) => facts.required,
      );
      const input = Object.fromEntries(
        required.map(([option, { rule }]) => [
          option,
          { number: 1, array: [], record: {} }[rule.kind as string] ?? "a:b",
        ]),
      );
      expect(resolveTable(OPTIONS[name as OptionGroup], input)).toEqual(schema.parse(input));
    }
    const input = { http: { port: 0 }, name: "a", admin: { token: "t" } };
    expect(resolveOptions("run", input)).toEqual(optionGroups.find((one) => one.name === "run")?.schema.parse(input));
  });

  it("keeps the input and the defaults apart from what it returns", () => {
    const input = Object.freeze({ numReplicas: 2 });
    const first = resolveDeployment(input, "deployment");
    (first.runtimeEnv.envVars as Record<string, string>)["A"] = "1";
    expect(resolveDeployment(input, "deployment").runtimeEnv.envVars).toEqual({});
  });
});

describe("agreement with the schemas", () => {
  const scalar = fc.oneof(
    fc.integer({ min: -3, max: 9 }),
    fc.constantFrom(65_535, 65_536, -0, NaN, Infinity, 2 ** 53, 0.5, 1e-9, 1.0000001),
    fc.double(),
    fc.string(),
    fc.constantFrom(
      "",
      "/",
      "/a",
      "/a/",
      "//",
      "/{x}",
      "a#b",
      "..",
      "a.b_c-d",
      "TEXT",
      "JSON",
      "INFO",
      "auto",
      "a b",
      "é",
    ),
    fc.constantFrom<unknown>(
      null,
      undefined,
      true,
      false,
      7n,
      Symbol.iterator,
      () => 1,
      new Date(0),
      new AbortController().signal,
    ),
  );
  const key = fc.oneof(fc.string(), fc.constantFrom("A", "A=", "", "x\0"));
  const value = fc.oneof(
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(key, scalar, { maxKeys: 3 }) },
    { weight: 1, arbitrary: fc.record({ envVars: fc.dictionary(key, fc.string(), { maxKeys: 2 }) }) },
    { weight: 1, arbitrary: fc.anything() },
  );
  const cases = optionGroups.flatMap(({ name, schema }) =>
    Object.keys(schema.shape).map((option) => [name, option] as const),
  );

  it.each(cases)("holds for any value of %s.%s", (group, option) => {
    const schema = optionGroups.find((one) => one.name === group)?.schema;
    const rule = (OPTIONS[group as OptionGroup] as OptionTable)[option]?.rule;
    const isGroup = rule !== undefined && groupsIn(rule) !== undefined;
    fc.assert(
      fc.property(value, (given) => {
        // zod takes any object for a group, a Date or a Promise too; those are refused here on purpose.
        fc.pre(!isGroup || !isForeignObject(given));
        let accepted = true;
        try {
          checkOptions(group as OptionGroup, { [option]: given }, "X");
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          accepted = false;
        }
        expect(accepted).toBe(schema?.safeParse({ [option]: given }).success);
      }),
      { numRuns: 200 },
    );
  });
});
