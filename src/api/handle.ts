// Deployment handles: `handle.method(...)` starts a call. Functions are called directly, `handle(...)`.
//   R1  Every string property is a remote method, but for those of `LOCAL`; symbols are answered locally. Whether a
//       method exists is for the replica to say (METHOD_NOT_FOUND names those that do).
//   R2  A handle belongs to the runtime that made it; request id, deadline, route and session come from the request in
//       which it is called.
//   R3  A handle is recognised without touching its proxy, by the store of globals.ts.
import { inspect } from "node:util";
import { checkOptions } from "../config/check-options.ts";
import type { HandleOptions } from "../config/options.generated.ts";
import { randomUuid } from "../core/random.ts";
import type { ValueCall } from "../model/call.ts";
import { deploymentKey } from "../model/ids.ts";
import type { HandleRef } from "../protocol/value-hooks.ts";
import { currentScope, store } from "./globals.ts";
import { PendingResponse } from "./response.ts";
import type { Runtime } from "./runtime.ts";
import type { RequestScope } from "./scope.ts";
import type { Handle } from "./types.ts";

/** The method name that calls to a function deployment carry. */
export const FUNCTION_METHOD = "__call__";

/** Names that a handle answers by itself (R1); `deployment()` refuses classes whose methods would be hidden by them. */
export const LOCAL = ["options", "then", "toJSON", "constructor"] as const;

type RemoteFunction = (...args: unknown[]) => PendingResponse;

/**
 * A handle to a deployment of an application.
 * @param ref whom it calls; its options are those that crossed with it
 * @param signal cancels its calls when it aborts
 */
export function createHandle<T>(ref: HandleRef, runtime: Runtime, signal?: AbortSignal): Handle<T> {
  const traps = new HandleTraps(ref, runtime, signal);
  // An arrow function has no `prototype`, which a proxy could not answer freely.
  // As text, `toString` and `valueOf` would be remote calls: a template literal would start both.
  const describe = (): string => traps.describe();
  const face = Object.assign(() => undefined, { [inspect.custom]: describe, [Symbol.toPrimitive]: describe });
  const handle = new Proxy(face, traps);
  store.handles.set(handle, ref);
  return handle as unknown as Handle<T>;
}

/** What a handle leads to, as data; undefined for anything that is no handle (R3). For the hooks of the value codec. */
export function handleRefOf(value: object): HandleRef | undefined {
  return store.handles.get(value);
}

class HandleTraps implements ProxyHandler<() => undefined> {
  readonly #ref: HandleRef;
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal | undefined;
  readonly #options: Omit<HandleOptions, "signal">;
  readonly #methods = new Map<string, RemoteFunction>();

  constructor(ref: HandleRef, runtime: Runtime, signal: AbortSignal | undefined) {
    this.#ref = ref;
    this.#runtime = runtime;
    this.#signal = signal;
    this.#options = (ref.options as HandleOptions | undefined) ?? {};
  }

  get(face: object, key: string | symbol): unknown {
    if (typeof key === "symbol") return Reflect.get(face, key);
    const known = this.#methods.get(key);
    if (known !== undefined) return known;
    switch (key as (typeof LOCAL)[number]) {
      case "options":
        return (options: HandleOptions) => this.#withOptions(options);
      case "then":
        return undefined;
      case "toJSON":
        return () => ({ application: this.#ref.application, deployment: this.#ref.deployment });
      case "constructor":
        return Function;
    }
    const method: RemoteFunction = (...args) => this.#start(key, args);
    this.#methods.set(key, method);
    return method;
  }

  apply(_face: unknown, _this: unknown, args: unknown[]): PendingResponse {
    return this.#start(FUNCTION_METHOD, args);
  }

  /** A handle holds nothing that could be set. */
  defineProperty(): boolean {
    return false;
  }

  describe(): string {
    const { application, deployment, options } = this.#ref;
    const shown = options === undefined ? "" : `, ${inspect(options)}`;
    return `Handle(${deploymentKey(application, deployment)}${shown})`;
  }

  #withOptions(options: HandleOptions): unknown {
    const { application, deployment } = this.#ref;
    checkOptions("handle", options, `handle("${deploymentKey(application, deployment)}").options`);
    const { signal = this.#signal, ...given } = options ?? {};
    const named = Object.entries(given).filter(([, value]) => value !== undefined);
    const kept = { ...this.#options, ...Object.fromEntries(named) };
    const crossing = Object.keys(kept).length === 0 ? undefined : { options: kept };
    return createHandle({ application, deployment, ...crossing }, this.#runtime, signal);
  }

  #start(method: string, args: readonly unknown[]): PendingResponse {
    const scope = currentScope();
    return new PendingResponse(this.#envelope(scope, method, args), this.#runtime, scope, this.#signal).begin();
  }

  #envelope(scope: RequestScope | undefined, method: string, args: readonly unknown[]): ValueCall {
    const facts = scope?.facts;
    const { timeoutS: limitS, multiplexedModelId = "", sessionId, priority, preferLocal, idempotent } = this.#options;
    let deadlineMs = facts?.deadlineMs;
    let timeoutS = facts?.timeoutS ?? 0;
    if (limitS !== undefined) {
      const ownMs = this.#runtime.clock.now() + limitS * 1000;
      if (deadlineMs === undefined || ownMs < deadlineMs) {
        deadlineMs = ownMs;
        timeoutS = limitS;
      }
    }
    return {
      target: this.#ref,
      method,
      requestId: facts?.requestId ?? randomUuid(this.#runtime.random),
      deadlineMs,
      timeoutS,
      route: facts?.route ?? "",
      multiplexedModelId,
      sessionId: sessionId ?? facts?.sessionId ?? "",
      priority: priority ?? facts?.priority ?? "normal",
      preferLocal: preferLocal ?? false,
      idempotent: idempotent ?? false,
      args,
    };
  }
}
