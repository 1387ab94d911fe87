// What a function keeps apart for whoever calls it: for each `this`, and for each replica where several share a process.
import type { Runtime } from "./runtime.ts";

/** A value for each pair of a replica's runtime and a `this`. It goes with either of them. */
export class PerReplica<V> {
  readonly #values = new WeakMap<Runtime, WeakMap<object, V>>();

  get(runtime: Runtime, self: object): V | undefined {
    return this.#values.get(runtime)?.get(self);
  }

  set(runtime: Runtime, self: object, value: V): void {
    const ofRuntime = this.#values.get(runtime) ?? new WeakMap<object, V>();
    this.#values.set(runtime, ofRuntime.set(self, value));
  }
}
