import { describe, expect, it } from "vitest";
import { FakeRuntime } from "../../tests/fixtures/api/fake-runtime.ts";
import { requestFacts } from "../../tests/fixtures/api/request-facts.ts";
import { replicaContext, requestContext } from "./context.ts";
import { currentRuntime, openStore, runInScope, runWithRuntime, type ProcessStore } from "./globals.ts";
import { createHandle } from "./handle.ts";
import { logger } from "./logger.ts";
import type { ReplicaContext } from "./runtime.ts";
import { RequestScope } from "./scope.ts";

const replica: ReplicaContext = {
  application: "shop",
  deployment: "Cart",
  replicaId: "abcd1234",
  rank: { rank: 0, nodeRank: 0, localRank: 0 },
  worldSize: 1,
  codeVersion: "v1",
};
const facts = requestFacts({ application: "shop", deployment: "Cart", route: "/shop", deadlineMs: 5, timeoutS: 1 });
const scopeOf = (runtime = new FakeRuntime(replica)) => new RequestScope(facts, runtime);

describe("requestContext", () => {
  it("shows the running request, across awaits", async () => {
    const scope = scopeOf();
    await runInScope(scope, async () => {
      await Promise.resolve();
      expect(requestContext()).toMatchObject({ requestId: "r1", application: "shop", route: "/shop", deadlineMs: 5 });
      expect(requestContext().signal).toBe(scope.signal);
    });
  });

  it("throws outside of a request, and in a constructor's surroundings, and says where to call it", () => {
    expect(() => requestContext()).toThrow(/no request is running here/);
    expect(() => runWithRuntime(new FakeRuntime(), requestContext)).toThrow(/not in a constructor/);
  });
});

describe("a request's signal", () => {
  it("aborts on cancel with the reason, also when it is looked at later", () => {
    const early = scopeOf();
    const { signal } = early;
    early.cancel("deadline");
    expect(signal.reason).toMatchObject({ code: "REQUEST_TIMEOUT" });
    const late = scopeOf();
    late.cancel("client left");
    expect(late.signal.aborted).toBe(true);
    expect(late.signal.reason).toMatchObject({ code: "REQUEST_CANCELLED" });
  });

  it("never aborts after the request ended normally (R3)", () => {
    const scope = scopeOf();
    scope.end();
    scope.cancel("client left");
    expect(scope.signal.aborted).toBe(false);
  });
});

describe("replicaContext", () => {
  it("shows the replica, without a request as well", () => {
    expect(runWithRuntime(new FakeRuntime(replica), replicaContext)).toBe(replica);
  });

  it("throws outside of a replica", () => {
    expect(() => replicaContext()).toThrow(/does not run in a replica/);
  });
});

describe("logger", () => {
  it("adds replica, application, deployment and request", () => {
    const runtime = new FakeRuntime(replica);
    runInScope(scopeOf(runtime), () => logger.child({ a: 1 }).info("cart.filled", { items: 2 }));
    expect(runtime.records).toEqual([
      {
        level: "info",
        event: "cart.filled",
        fields: {
          application: "shop",
          deployment: "Cart",
          replica: "abcd1234",
          requestId: "r1",
          route: "/shop",
          a: 1,
          items: 2,
        },
      },
    ]);
  });
});

describe("without anything around", () => {
  it("user code runs with the default runtime, and calls say what is missing", async () => {
    const handle = createHandle<{ add(): number }>({ application: "default", deployment: "Adder" }, currentRuntime());
    await expect(handle.add()).rejects.toMatchObject({
      code: "DEPLOYMENT_UNAVAILABLE",
      message: expect.stringContaining("no instance runs in this process"),
    });
  });
});

describe("the store", () => {
  it("is shared by copies of one version and refused to another (R2)", () => {
    const place: Record<symbol, ProcessStore> = {};
    const first = openStore(place, "1.0.0");
    expect(openStore(place, "1.0.0")).toBe(first);
    expect(() => openStore(place, "1.1.0")).toThrow("version 1.1.0 in a process that already loaded version 1.0.0");
  });
});
