import { describe, expect, it } from "vitest";
import { batch } from "../api/batch.ts";
import { deployment } from "../api/deployment.ts";
import { multiplexed, multiplexedModelId } from "../api/multiplexed.ts";
import type { Handle } from "../api/types.ts";
import { runInMemory } from "./run-in-memory.ts";

class Model {
  readonly sizes: number[] = [];
  readonly loads: string[] = [];
  double = batch(
    async (items: number[]) => {
      this.sizes.push(items.length);
      return items.map((item) => item * 2);
    },
    { maxBatchSize: 4, batchWaitTimeoutS: 0.005 },
  );
  model = multiplexed(async (id) => (this.loads.push(id), `model ${id}`), { maxNumModelsPerReplica: 2 });

  named() {
    return this.model();
  }
  seen() {
    return { sizes: this.sizes, loads: this.loads, id: multiplexedModelId() };
  }
}

class Ingress {
  readonly #model: Handle<Model>;
  constructor(model: Handle<Model>) {
    this.#model = model;
  }
  async fetch(request: Request) {
    if (new URL(request.url).pathname === "/model") return multiplexedModelId();
    return Promise.all([1, 2, 3, 4].map((item) => this.#model.double(item)));
  }
  model(id: string) {
    return this.#model.options({ multiplexedModelId: id }).named();
  }
  seen() {
    return this.#model.seen();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const app = deployment(Ingress).bind(deployment(Model).bind());

describe("in an application", () => {
  it("calls through a handle are gathered into batches", async () => {
    await using instance = await runInMemory(app);
    expect(await (await instance.fetch("http://h/")).json()).toEqual([2, 4, 6, 8]);
    expect((await instance.handle.seen()).sizes).toEqual([4]);
  });

  it("a batch that forms when the end comes runs at once, and its callers are answered", async () => {
    const patient = batch(async (items: number[]) => items.map((item) => item * 2), { batchWaitTimeoutS: 3600 });
    const instance = await runInMemory(
      deployment(async function twice(item: number) {
        return patient(item);
      }).bind(),
      { routePrefix: null },
    );
    const answers = [1, 2].map((item) => instance.handle(item));
    await turn();
    await instance.close();
    expect(await Promise.all(answers)).toEqual([2, 4]);
  });

  it("a handle's option and the header name the model (M2)", async () => {
    await using instance = await runInMemory(app);
    expect(await instance.handle.model("de")).toBe("model de");
    const request = new Request("http://h/model", { headers: { serve_multiplexed_model_id: "fr" } });
    expect(await (await instance.fetch(request)).text()).toBe("fr");
    expect(await instance.handle.seen()).toMatchObject({ loads: ["de"], id: "" });
  });
});
