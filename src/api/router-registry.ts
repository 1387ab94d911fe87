// Which routers `requestRouter()` has registered in a process, by import path: how a class that no module exports is found.
import type { RequestRouterClass } from "../model/request-router.ts";

export class RouterRegistry {
  readonly #byPath = new Map<string, RequestRouterClass>();
  readonly #awaited = new Map<string, PromiseWithResolvers<RequestRouterClass>>();

  /** A module that is imported anew brings its class anew: the last one counts. */
  register(path: string, Class: RequestRouterClass): void {
    this.#byPath.set(path, Class);
    this.#awaited.get(path)?.resolve(Class);
    this.#awaited.delete(path);
  }

  find(path: string): RequestRouterClass | undefined {
    return this.#byPath.get(path);
  }

  /** Resolves with the class that is registered next, maybe never. */
  next(path: string): Promise<RequestRouterClass> {
    const known = this.#awaited.get(path);
    if (known !== undefined) return known.promise;
    const awaited = Promise.withResolvers<RequestRouterClass>();
    this.#awaited.set(path, awaited);
    return awaited.promise;
  }
}
