// `multiplexed()`: many models behind one deployment; each replica holds the few that it was asked for last.
//   R1  Models are held per `this`, and per replica where several share a process: each has its own.
//   R2  A model is in use until the request that got it has ended; outside of a request, until the call has returned.
//       However often a request asks for a model, it holds it once: a WebSocket may ask for each of its messages.
//   R3  A load belongs to all who wait for it: it has the first one's context, but neither its deadline nor its end.
//   R4  It works without Manta around it, as in a plain unit test.
import { ModelCache, type ModelUse } from "../batching/model-cache.ts";
import { checkOptions, resolveOptions } from "../config/check-options.ts";
import { showValue } from "../config/check-rule.ts";
import type { MultiplexedOptions } from "../config/options.generated.ts";
import { ConfigError, describeThrown, ServeError } from "../core/errors.ts";
import { modelMeter } from "./batching-meters.ts";
import { currentRuntime, currentScope, runInScope } from "./globals.ts";
import { nameOf } from "./name-of.ts";
import { PerReplica } from "./per-replica.ts";
import type { Runtime } from "./runtime.ts";
import { RequestScope } from "./scope.ts";

/** Gives the model of an id; without one that of the running request. */
export type MultiplexedFunction<M> = (modelId?: string) => Promise<M>;

/**
 * The model id of the running request: from the handle's option, or from the header `serve_multiplexed_model_id`; "" when
 * there is none.
 * @throws {ServeError} CONFIG_INVALID outside of a request
 */
export function multiplexedModelId(): string {
  const scope = currentScope();
  if (scope !== undefined) return scope.facts.multiplexedModelId;
  const message =
    "multiplexedModelId(): no request is running here; call it inside a method that answers a request, or pass the id";
  throw new ServeError("CONFIG_INVALID", message);
}

/**
 * Keeps the models that `load` loads: the one used longest ago is given up for a new one beyond
 * `maxNumModelsPerReplica`. A model with `[Symbol.asyncDispose]` or `[Symbol.dispose]` is disposed of once, after its last
 * use. Inside `load`, `this` is the object that the function is called on.
 * @throws {ConfigError} a wrong option, or no function; the returned function: an id that is no non-empty string
 * @throws {ServeError} MODEL_LOAD from the returned function, with what `load` threw as cause
 */
export function multiplexed<M, This = unknown>(
  load: (this: This, modelId: string) => Promise<M> | M,
  options: MultiplexedOptions = {},
): MultiplexedFunction<M> {
  if (typeof load !== "function") {
    throw new ConfigError({
      path: "multiplexed(load)",
      received: showValue(load),
      expected: "a function of a model id",
    });
  }
  checkOptions("multiplexed", options, "multiplexed(load, options)");
  const { maxNumModelsPerReplica } = resolveOptions("multiplexed", options);
  const limit = maxNumModelsPerReplica === -1 ? Infinity : maxNumModelsPerReplica;
  const caches = new PerReplica<ModelCache<M>>();
  const held = new WeakMap<RequestScope, Set<M>>();
  const getModel = async function (this: unknown, modelId?: string): Promise<M> {
    const id = modelId ?? multiplexedModelId();
    if (typeof id !== "string" || id === "") {
      const expected =
        "a non-empty string: pass it, or call with the header serve_multiplexed_model_id or the handle's option multiplexedModelId";
      throw new ConfigError({ path: "model id", received: showValue(id), expected });
    }
    const self = typeof this === "object" && this !== null ? this : getModel;
    const runtime = currentRuntime();
    const cache = caches.get(runtime, self) ?? open(self, runtime);
    return hold(await cache.use(id), held);
  };
  const open = (self: object, runtime: Runtime): ModelCache<M> => {
    const name = nameOf(self, getModel, load.name);
    const bound = (id: string): Promise<M> | M =>
      (load as (id: string) => Promise<M> | M).call(self === getModel ? undefined : self, id);
    const cache = openCache(name, limit, (id) => runLoad(id, bound), runtime);
    caches.set(runtime, self, cache);
    return cache;
  };
  return getModel;
}

/** R2 @param held what each request holds already */
function hold<M>({ model, end }: ModelUse<M>, held: WeakMap<RequestScope, Set<M>>): M {
  const scope = currentScope();
  const models = (scope && held.get(scope)) ?? new Set();
  if (scope === undefined || models.has(model)) {
    end();
    return model;
  }
  held.set(scope, models.add(model));
  scope.onEnd(end);
  return model;
}

/** R3 */
async function runLoad<M>(id: string, load: (id: string) => Promise<M> | M): Promise<M> {
  const first = currentScope();
  if (first === undefined) return load(id);
  const facts = { ...first.facts, multiplexedModelId: id, deadlineMs: undefined, timeoutS: 0 };
  const scope = new RequestScope(facts, first.runtime);
  try {
    return await runInScope(scope, () => load(id));
  } finally {
    scope.end();
  }
}

function openCache<M>(
  name: string,
  limit: number,
  load: (id: string) => Promise<M> | M,
  runtime: Runtime,
): ModelCache<M> {
  const { logger, clock } = runtime;
  const meter = modelMeter(runtime);
  const owner = {};
  const level = runtime.replica === undefined ? "debug" : "info"; // a plain unit test stays quiet
  const cache = new ModelCache<M>(
    { name, limit, load, dispose },
    {
      onAsked: () => meter?.asked(),
      onChange: (ids) => {
        meter?.held(ids);
        runtime.holdsModels?.(owner, ids);
      },
      loaded: (id, ms) => {
        meter?.loaded(ms);
        logger[level]("model.loaded", { model: id, ms: Math.round(ms) });
      },
      disposed: (id, ms) => {
        meter?.unloaded(ms);
        logger[level]("model.unloaded", { model: id, ms: Math.round(ms) });
      },
      disposeFailed: (id, error) => logger.error("model.unload_failed", { model: id, error: describeThrown(error) }),
    },
    clock,
  );
  runtime.onEnd?.(() => cache.clear());
  return cache;
}

async function dispose(model: unknown): Promise<void> {
  if ((typeof model !== "object" && typeof model !== "function") || model === null) return;
  const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now } = model as Partial<AsyncDisposable & Disposable>;
  if (typeof later === "function") await later.call(model);
  else if (typeof now === "function") now.call(model);
}
