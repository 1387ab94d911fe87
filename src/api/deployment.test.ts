import { describe, expect, it } from "vitest";
import { FakeRuntime } from "../../tests/fixtures/api/fake-runtime.ts";
import { ConfigError, SerializationError } from "../core/errors.ts";
import { deployment } from "./deployment.ts";
import { createHandle } from "./handle.ts";
import type { Deployment } from "./types.ts";

class Adder {
  add(value: number) {
    return value;
  }
}

/** `bind` as untyped code calls it. */
function bindUntyped(target: Deployment<unknown, never>, ...args: unknown[]): unknown {
  return (target.bind as (...args: unknown[]) => unknown)(...args);
}

const Ingress = deployment(
  class Ingress {
    readonly args: unknown[];
    constructor(...args: unknown[]) {
      this.args = args;
    }
  },
);

describe("deployment", () => {
  it("takes its name from the class, the function or the options", () => {
    expect(deployment(Adder).name).toBe("Adder");
    expect(deployment(Adder, { name: "Sum" }).name).toBe("Sum");
    expect(deployment(function hello() {}).name).toBe("hello");
  });

  it("refuses what has no name, with the cure", () => {
    expect(() => deployment(class {})).toThrow(
      'a class without a name, expected a name; name the class, or pass { name: "..." }',
    );
    expect(() => deployment(() => 1)).toThrow("a function without a name");
    expect(deployment(() => 1, { name: "one" }).name).toBe("one");
  });

  it("refuses what is no class or function", () => {
    expect(() => deployment({} as never)).toThrow(
      "deployment(...): received an object, expected a class or a function",
    );
  });

  it("checks options with the deployment's name in the path", () => {
    expect(() => deployment(Adder, { numReplicas: 0 })).toThrow(
      'deployment("Adder").numReplicas: received 0 (number), expected an integer >= 1',
    );
    expect(() => deployment(Adder, { name: "a#b" })).toThrow(ConfigError);
    expect(() => deployment(Adder).options({ numReplica: 2 } as never)).toThrow("did you mean numReplicas?");
  });

  it.each(["options", "then", "toJSON"])("refuses a method called %s, inherited ones too", (name) => {
    class Base {}
    Object.defineProperty(Base.prototype, name, { value: () => 1 });
    class Hidden extends Base {}
    expect(() => deployment(Hidden)).toThrow(`a method called ${name}, which a handle answers by itself`);
  });

  it("changes a copy and keeps what the copy does not name", () => {
    const first = deployment(Adder, { numReplicas: 2 });
    const second = first.options({ name: "Other", numReplicas: undefined });
    expect([first.name, second.name]).toEqual(["Adder", "Other"]);
    expect(second.bind()).toMatchObject({ input: { name: "Other", numReplicas: 2 } });
  });
});

describe("bind", () => {
  it("takes no arguments for a function", () => {
    const hello = deployment(function hello() {});
    expect(() => bindUntyped(hello, 1)).toThrow("hello.bind(...): received 1 argument, expected none");
  });

  it("names the path of what cannot cross, at once", () => {
    const wrong = () => bindUntyped(Ingress, "x", { db: new Adder() });
    expect(wrong).toThrow(SerializationError);
    expect(wrong).toThrow("Ingress.bind(...)[1].db: an instance of Adder cannot cross");
  });

  it("says what to do about a deployment that was not bound, and about a response", () => {
    expect(() => bindUntyped(Ingress, deployment(Adder))).toThrow(
      "Ingress.bind(...)[0]: an instance of Deployment cannot cross between processes; pass what its bind(...) returns",
    );
    const handle = createHandle<Adder>({ application: "a", deployment: "Adder" }, new FakeRuntime());
    expect(() => bindUntyped(Ingress, [handle.add(1)])).toThrow(
      "Ingress.bind(...)[0][0]: an instance of DeploymentResponse cannot cross between processes; await it first",
    );
  });

  it("takes applications at any depth of arrays and plain objects, and live handles", () => {
    const one = deployment(Adder).bind();
    const handle = createHandle<Adder>({ application: "a", deployment: "Adder" }, new FakeRuntime());
    const app = bindUntyped(Ingress, one, [{ deep: [deployment(Adder).bind()] }], { again: one }, handle);
    expect((app as { children: unknown[] }).children).toHaveLength(2);
  });
});
