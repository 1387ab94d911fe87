// Batches, models and routers: typed per item, in the class, through a handle, and where they are used in a wrong way.
import { expectTypeOf } from "vitest";
import {
  batch,
  deployment,
  type DeploymentResponse,
  type DeploymentResponseStream,
  type Handle,
  multiplexed,
  requestRouter,
  type RoutedCall,
  type RoutedReplica,
} from "manta-serve";

class Model {
  readonly factor = 2;
  predict = batch(async (items: number[]) => items.map((item) => String(item * this.factor)), { maxBatchSize: 8 });
  scale = batch(function (this: Model, items: number[]) {
    return items.map((item) => (item < 0 ? new RangeError("negative") : item * this.factor));
  });
  write = batch(async function* (this: Model, items: string[]) {
    yield items.map((item) => (item === "" ? batch.done : item.repeat(this.factor)));
  });
  getModel = multiplexed(async (id) => ({ id, factor: this.factor }), { maxNumModelsPerReplica: 2 });
}
const model = new Model();
expectTypeOf(model.predict(1)).toEqualTypeOf<Promise<string>>();
expectTypeOf(model.scale(1)).toEqualTypeOf<Promise<number>>();
expectTypeOf(model.write("a")).toEqualTypeOf<AsyncIterableIterator<string>>();
expectTypeOf(model.getModel()).toEqualTypeOf<Promise<{ id: string; factor: number }>>();
expectTypeOf(model.predict.stats().plan.reason).toEqualTypeOf<string>();

declare const handle: Handle<Model>;
expectTypeOf(handle.predict(1)).toEqualTypeOf<DeploymentResponse<string>>();
expectTypeOf(handle.write("a")).toEqualTypeOf<DeploymentResponseStream<string>>();

expectTypeOf(batch((images: Float32Array[]) => new Float32Array(images.length))(new Float32Array(4))).toEqualTypeOf<
  Promise<number>
>();

// @ts-expect-error one item, not a list
model.predict([1]);
// @ts-expect-error an item is missing
model.predict();
// @ts-expect-error items are numbers, through a handle, too
handle.predict("1");
// @ts-expect-error the setters are the replica's own
handle.predict.setMaxBatchSize(3);
// @ts-expect-error a function of one item is no batch
batch(async (item: number) => item);
// @ts-expect-error a batch has a list of results
batch(async (items: number[]) => items.length);
// @ts-expect-error a set has no order
batch(async (items: number[]) => new Set(items));
// @ts-expect-error only `async function*` streams
batch(function* (items: number[]) {
  yield items;
});
// @ts-expect-error lists are yielded
batch(async function* (items: number[]) {
  yield items.length;
});
// @ts-expect-error a second parameter is nobody's
batch(async (items: number[], _other: number) => items);
// @ts-expect-error an option by a wrong name
batch(async (items: number[]) => items, { maxBatchsize: 8 });
// @ts-expect-error a size that is forgotten
batch(async (items: number[]) => items, { batchSizeFn: (items) => void items.length });
// @ts-expect-error ids are texts
multiplexed(async (id: number) => id);
// @ts-expect-error ids are texts
handle.options({ multiplexedModelId: 3 });

class Lightest {
  choose(candidates: readonly RoutedReplica[], _call: RoutedCall) {
    return candidates.toSorted((a, b) => a.load - b.load);
  }
}
interface Keyed {
  readonly key: string;
}
class ByKey extends Lightest {
  readonly key: string;
  constructor({ key }: Keyed) {
    super();
    this.key = key;
  }
}
class Optional extends Lightest {
  readonly key: string;
  constructor({ key = "hits" }: Partial<Keyed> = {}) {
    super();
    this.key = key;
  }
}
deployment(Model, { requestRouterConfig: requestRouter(Lightest) });
requestRouter(ByKey, { key: "hits" });
requestRouter(Optional);
requestRouter(Optional, { key: "hits" });
// @ts-expect-error the class needs its arguments
requestRouter(ByKey);
// @ts-expect-error the key is a text
requestRouter(ByKey, { key: 1 });
// @ts-expect-error an unknown argument
requestRouter(ByKey, { key: "hits", least: 1 });
class Slow {
  async choose(candidates: readonly RoutedReplica[]) {
    return candidates;
  }
}
// @ts-expect-error a router answers at once
requestRouter(Slow);
// @ts-expect-error a router chooses
requestRouter(class Nothing {});
// @ts-expect-error the class, not one of its objects
requestRouter(new Lightest());
