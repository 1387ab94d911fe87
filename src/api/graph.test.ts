import { describe, expect, it } from "vitest";
import { makeTwin, shared } from "../../tests/fixtures/api/make-deployment.ts";
import { decodeValue, plainRevivers } from "../protocol/values.ts";
import type { DeploymentSpec } from "../model/application-spec.ts";
import { deployment } from "./deployment.ts";
import { buildApplicationSpec, findInGraph, isApplication, type BoundApplication } from "./graph.ts";
import type { Application } from "./types.ts";

class Adder {
  readonly increment: number;
  constructor(increment: number) {
    this.increment = increment;
  }
}
class Ingress {
  readonly args: unknown[];
  constructor(...args: unknown[]) {
    this.args = args;
  }
}

const adder = deployment(Adder, { numReplicas: 2 });
const ingress = deployment(Ingress);

function bound(app: Application<unknown>): BoundApplication {
  if (!isApplication(app)) throw new Error("not an application");
  return app;
}

function build(app: Application<unknown>) {
  return buildApplicationSpec(bound(app), { name: "shop", routePrefix: "/shop", workingDir: "/work", inProcess: true });
}

function argsOf(spec: DeploymentSpec | undefined): unknown {
  const bytes = spec?.initArgs ?? new Uint8Array();
  const decoded = decodeValue(bytes, 0, bytes.length, {
    ...plainRevivers,
    handle: (ref) => `handle:${ref.application}#${ref.deployment}`,
  });
  return decoded.ok ? decoded.value : decoded.reason;
}

describe("names", () => {
  it("come children first, left to right, with suffixes for the same class bound again", () => {
    const app = ingress.bind(adder.bind(1), { list: [adder.bind(2)] }, deployment(function hello() {}).bind());
    const spec = build(app);
    expect(spec.deployments.map(({ name }) => name)).toEqual(["Adder", "Adder_1", "hello", "Ingress"]);
    expect(spec.ingress).toBe("Ingress");
  });

  it("step over a suffix that a deployment has as its own name", () => {
    const spec = build(ingress.bind(adder.options({ name: "Adder_1" }).bind(0), adder.bind(1), adder.bind(2)));
    expect(spec.deployments.map(({ name }) => name)).toEqual(["Adder_1", "Adder", "Adder_2", "Ingress"]);
  });

  it("are one for a diamond", () => {
    const one = adder.bind(1);
    const left = ingress.options({ name: "Left" }).bind(one);
    const right = ingress.options({ name: "Right" }).bind(one);
    const spec = build(ingress.bind(left, right, one));
    expect(spec.deployments.map(({ name }) => name)).toEqual(["Adder", "Left", "Right", "Ingress"]);
    expect(argsOf(spec.deployments[1])).toEqual(["handle:shop#Adder"]);
    expect(argsOf(spec.deployments[3])).toEqual(["handle:shop#Left", "handle:shop#Right", "handle:shop#Adder"]);
  });

  it("are refused for two different classes, naming both places and the cure", () => {
    const other = deployment({ Adder: class Adder {} }.Adder);
    expect(() => build(ingress.bind(adder.bind(1), other.bind()))).toThrow(
      /application "shop": received two different classes or functions named Adder .* rename one: deployment\(Adder, \{ name/,
    );
  });
});

describe("a spec", () => {
  it("holds arguments as data, applications in them as handles, and options as written and complete", () => {
    const spec = build(ingress.bind("x", { deep: [adder.bind(3)] }));
    expect(spec).toMatchObject({ name: "shop", routePrefix: "/shop", workingDir: "/work" });
    expect(spec.deployments[0]).toMatchObject({
      registeredName: "Adder",
      kind: "class",
      input: { numReplicas: 2 },
      options: { numReplicas: 2, maxOngoingRequests: 5 },
    });
    expect(argsOf(spec.deployments[0])).toEqual([3]);
    expect(argsOf(spec.deployments[1])).toEqual(["x", { deep: ["handle:shop#Adder"] }]);
  });

  it("keeps the name under which a renamed copy's code was registered", () => {
    const spec = build(adder.options({ name: "Sum" }).bind(1));
    expect(spec.deployments[0]).toMatchObject({ name: "Sum", registeredName: "Adder" });
  });

  it("takes one entry for all code when it is given", () => {
    const entry = { file: "/app.ts", exportName: "app", args: { size: 3 } };
    const options = { name: "shop", routePrefix: null, workingDir: "/work", entry };
    expect(buildApplicationSpec(bound(adder.bind(1)), options).deployments[0]?.entry).toBe(entry);
  });
});

describe("the entry of a driver script's code", () => {
  const place = { name: "shop", routePrefix: null, workingDir: "/work" };

  it("is the user's file that called deployment()", () => {
    const spec = buildApplicationSpec(bound(shared.bind()), place);
    const file = new URL("../../tests/fixtures/api/make-deployment.ts", import.meta.url).pathname;
    expect(spec.deployments[0]?.entry).toEqual({ file, exportName: null, args: null });
  });

  it("must exist", () => {
    // This file is part of the package's own source, so it counts as nobody's.
    expect(() => buildApplicationSpec(bound(adder.bind(1)), place)).toThrow('deployment("Adder"): received ');
  });

  it("must lead to one class a name, or a replica could not tell them apart", () => {
    const [one] = [makeTwin(), makeTwin()];
    expect(() => buildApplicationSpec(bound(one.bind()), place)).toThrow(
      /deployment\("Twin"\): received two different classes or functions under this name/,
    );
  });
});

describe("findInGraph", () => {
  it("finds the class by its name in the graph, whatever the application is called", () => {
    const app = bound(ingress.bind(adder.bind(1), adder.bind(2)));
    expect(findInGraph(app, "Adder_1")?.target).toBe(Adder);
    expect(findInGraph(app, "Ingress")?.target).toBe(Ingress);
    expect(findInGraph(app, "Nobody")).toBeUndefined();
  });
});
