import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeRuntime } from "../../tests/fixtures/api/fake-runtime.ts";
import { requestFacts } from "../../tests/fixtures/api/request-facts.ts";
import { requestContext } from "./context.ts";
import { runInScope, runWithRuntime } from "./globals.ts";
import { multiplexed, multiplexedModelId } from "./multiplexed.ts";
import { RequestScope } from "./scope.ts";

let runtime: FakeRuntime;
beforeEach(() => void (runtime = new FakeRuntime()));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const request = (multiplexedModelId: string): RequestScope =>
  new RequestScope(requestFacts({ multiplexedModelId }), runtime);

class Net implements AsyncDisposable {
  readonly id: string;
  disposed = 0;
  constructor(id: string) {
    this.id = id;
  }
  async [Symbol.asyncDispose]() {
    this.disposed++;
  }
}

class Model {
  readonly prefix = "net ";
  readonly loads: string[] = [];
  getModel = multiplexed(
    async (id) => {
      this.loads.push(id);
      return new Net(this.prefix + id);
    },
    { maxNumModelsPerReplica: 1 },
  );
}

describe("a multiplexed function", () => {
  it("gives the request's model (M2), or the one that is named", async () => {
    const model = new Model();
    const scope = request("a");
    expect((await runInScope(scope, () => model.getModel())).id).toBe("net a");
    expect(runInScope(scope, () => multiplexedModelId())).toBe("a");
    expect((await runInScope(scope, () => model.getModel("b"))).id).toBe("net b");
    expect(model.loads).toEqual(["a", "b"]);
  });

  it("disposes of a model only when the request that got it has ended, however it ends (M1)", async () => {
    const model = new Model();
    const scope = request("a");
    const net = await runInScope(scope, () => model.getModel());
    await runInScope(request("b"), () => model.getModel());
    scope.cancel("client left");
    await turn();
    expect(net.disposed).toBe(0); // its code may still run
    scope.end();
    await turn();
    expect(net.disposed).toBe(1);
  });

  it("holds a model for code that outlives its request only until the call returns", async () => {
    const model = new Model();
    const scope = request("a");
    scope.end();
    const net = await runInScope(scope, () => model.getModel());
    await runInScope(request("b"), () => model.getModel());
    await turn();
    expect(net.disposed).toBe(1);
  });

  it("is held once by a request that asks again and again, as a WebSocket does for each message", async () => {
    const model = new Model();
    const scope = request("a");
    const onEnd = vi.spyOn(scope, "onEnd");
    const nets = await Promise.all(Array.from({ length: 100 }, () => runInScope(scope, () => model.getModel())));
    expect([new Set(nets).size, onEnd.mock.calls.length]).toEqual([1, 1]);
    await runInScope(request("b"), () => model.getModel());
    await turn();
    expect(nets[0]?.disposed).toBe(0);
    scope.end();
    await turn();
    expect(nets[0]?.disposed).toBe(1);
  });

  it("holds models for each object apart", async () => {
    const [one, two] = [new Model(), new Model()];
    await runWithRuntime(runtime, () => Promise.all([one.getModel("a"), two.getModel("a")]));
    expect([one.loads, two.loads]).toEqual([["a"], ["a"]]);
  });

  it("of no object holds models for each replica apart, where several share a process", async () => {
    const loads: string[] = [];
    const getModel = multiplexed((id) => (loads.push(id), id));
    const other = new FakeRuntime();
    for (const one of [runtime, other, runtime]) await runWithRuntime(one, () => getModel("a"));
    expect(loads).toEqual(["a", "a"]);
  });

  it("finishes a load for the others when the request that began it is cancelled", async () => {
    const gate = Promise.withResolvers<void>();
    const getModel = multiplexed(async () => {
      const { signal, deadlineMs, multiplexedModelId: id } = requestContext();
      await gate.promise;
      return { aborted: signal.aborted, deadlineMs, id };
    });
    const first = new RequestScope(requestFacts({ multiplexedModelId: "a", deadlineMs: 5 }), runtime);
    const calls = [first, request("a")].map((scope) => runInScope(scope, () => getModel()));
    await turn();
    first.cancel("client left");
    gate.resolve();
    expect(await calls[1]).toEqual({ aborted: false, deadlineMs: undefined, id: "a" });
  });

  it("works without Manta around it", async () => {
    expect((await new Model().getModel("a")).id).toBe("net a");
  });

  it.each(["", 3])("refuses the id %j", async (id) => {
    await expect(new Model().getModel(id as string)).rejects.toThrow("model id: received");
  });

  it("needs an id from somewhere", async () => {
    await expect(runInScope(request(""), () => new Model().getModel())).rejects.toThrow("non-empty string");
    await expect(new Model().getModel()).rejects.toThrow("no request is running here");
  });
});

it.each([0, -2, 1.5, "3"])("refuses maxNumModelsPerReplica %j", (maxNumModelsPerReplica) => {
  expect(() => multiplexed((id) => id, { maxNumModelsPerReplica: maxNumModelsPerReplica as number })).toThrow(
    "maxNumModelsPerReplica",
  );
});
