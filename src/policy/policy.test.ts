// Policies as their process loads and asks them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { store } from "../api/globals.ts";
import type { AutoscalingContext } from "../model/autoscaling-context.ts";
import type { PolicyQuestion } from "../protocol/control.ts";
import { loadPolicy } from "./load-policy.ts";
import { readReplies } from "./read-replies.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-policy-"));
  store.registry.mode = "builder"; // as the program is to the modules of policies
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("loadPolicy", () => {
  const load = async (source: string, name: string, kwargs = {}) => {
    const file = join(folder, `${name}-${source.length}.ts`);
    writeFileSync(file, `import { autoscalingPolicy, serve, deployment } from "manta-serve";\n${source}`);
    return loadPolicy({ file, name, kwargs });
  };

  it("takes an exported function, and gives it context and kwargs", async () => {
    const ask = await load("export const twice = ({ n }, { by }) => n * by;", "twice", { by: 2 });
    expect(ask({ n: 4 })).toBe(8);
  });

  it("makes a class once, with kwargs", async () => {
    const source = "export class Counter { n; constructor({ from }) { this.n = from; } decide() { return this.n++; } }";
    const ask = await load(source, "Counter", { from: 5 });
    expect([ask({}), ask({})]).toEqual([5, 6]);
  });

  it("finds one that is registered and not exported, in a file that runs an application (R1)", async () => {
    const source = `const hidden = () => 3; autoscalingPolicy(hidden);
      await serve.run(deployment(class A { fetch() {} }, { name: "A" }).bind());`;
    expect((await load(source, "hidden"))({})).toBe(3);
  });

  const faults: readonly [string, string, string, RegExp][] = [
    ["an unknown name", "export const one = () => 1; export const two = 2;", "three", /one of the exports one$/],
    ["a module that throws", 'throw new Error("boom");', "any", /importing the policy's module .* failed: Error: boom/],
    ["a class without decide", "export class Empty {}", "Empty", /a class without decide, expected a method decide/],
    [
      "a constructor that throws",
      'export class Bad { constructor() { throw new RangeError("no"); } decide() {} }',
      "Bad",
      /the policy Bad could not be made: RangeError: no/,
    ],
  ];
  for (const [what, source, name, message] of faults) {
    it(`names ${what} (R2)`, async () => {
      await expect(load(source, name)).rejects.toThrow(message);
    });
  }
});

describe("readReplies", () => {
  const context = (deploymentName: string) => ({ deploymentName }) as AutoscalingContext;
  const question = (scope: PolicyQuestion["scope"]): PolicyQuestion => ({
    policy: { file: "/p.ts", name: "mine", kwargs: {} },
    scope,
    contexts: scope === "deployment" ? [context("A")] : [context("A"), context("B")],
  });

  it("takes a number, or a number and a state", () => {
    expect(readReplies(question("deployment"), 2.5)).toEqual({ A: { replicas: 2.5, state: {} } });
    expect(readReplies(question("deployment"), [3, { seen: 1 }])).toEqual({ A: { replicas: 3, state: { seen: 1 } } });
  });

  it("takes an object or a Map of them for an application; some may be missing", () => {
    const both = { A: { replicas: 1, state: {} }, B: { replicas: 2, state: "b" } };
    expect(readReplies(question("application"), { A: 1, B: [2, "b"] })).toEqual(both);
    expect(readReplies(question("application"), new Map<string, unknown>([["A", 1]]))).toEqual({ A: both.A });
  });

  const faults: readonly [PolicyQuestion["scope"], unknown, string][] = [
    [
      "deployment",
      "many",
      'the policy mine returned "many" (string), expected a number of replicas, or [replicas, state]',
    ],
    [
      "deployment",
      undefined,
      "the policy mine returned undefined, expected a number of replicas, or [replicas, state]",
    ],
    [
      "deployment",
      [NaN, {}],
      "the policy mine returned NaN (number), expected a number of replicas, or [replicas, state]",
    ],
    ["application", 3, "the policy mine returned 3 (number), expected an object of numbers by deployment"],
    ["application", { C: 1 }, "the policy mine speaks of C, which does not autoscale here; known: A, B"],
  ];
  for (const [scope, reply, message] of faults) {
    it(`refuses what is no answer: ${message}`, () => {
      expect(() => readReplies(question(scope), reply)).toThrow(message);
    });
  }
});
