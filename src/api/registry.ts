// What `deployment()` has registered in this process, and what `serve.run` means here.
//   R1  In a driver `serve.run` runs. In a replica or builder it never resolves: reaching it ends the registry, because
//       the rest of the script is the driver's business.
//   R2  A name is looked up among the classes and functions registered so far; two different ones under one name are an
//       error when they are looked up, not when they are registered: they may belong to different applications.
import type { ApplicationOptions } from "../config/options.generated.ts";
import { ServeError } from "../core/errors.ts";
import type { NoPlace, Place } from "./user-place.ts";

/** Code that `deployment()` was given. */
export interface Registration {
  /** Name given to `deployment()`, else that of the class or function. */
  readonly name: string;
  readonly kind: "class" | "function";
  readonly target: DeploymentCode;
  /** Where `deployment()` was called from, or why nobody else can find it. */
  readonly place: Place | NoPlace;
}

/** A user's class or function. */
export type DeploymentCode = (abstract new (...args: never[]) => object) | ((...args: never[]) => unknown);

/** What this process is to `serve.run` (R1). */
export type ProgramMode = "driver" | "replica" | "builder";

/** The first call of `serve.run` or another method of `serve` in a replica or builder. */
export interface Reached {
  /** What was called, e.g. `serve.run`. */
  readonly call: string;
  readonly place: Place | NoPlace;
  /** The applications it would have run, `Application`s of graph.ts. */
  readonly applications: readonly ReachedApplication[];
}

/** One application of an unguarded `serve.run`. */
export interface ReachedApplication {
  readonly app: unknown;
  readonly name: string;
  readonly routePrefix: string | null;
  /** What it says for all deployments. */
  readonly shared: ApplicationOptions;
}

/** One a process, in the store of globals.ts. */
export class Registry {
  /** Composition roots of replica and builder set it before they import user code. */
  mode: ProgramMode = "driver";
  readonly #byName = new Map<string, Registration[]>();
  readonly #reached = Promise.withResolvers<Reached>();
  #first: Reached | undefined;
  #next: PromiseWithResolvers<void> | undefined;

  /** Resolves when user code reaches `serve.run` in a replica or builder; never in a driver. */
  get reached(): Promise<Reached> {
    return this.#reached.promise;
  }

  register(registration: Registration): void {
    const same = this.#byName.get(registration.name);
    if (same === undefined) this.#byName.set(registration.name, [registration]);
    else if (!same.some((one) => one.target === registration.target)) same.push(registration);
  }

  /** All different classes and functions under a name, in the order in which they were registered. */
  named(name: string): readonly Registration[] {
    return this.#byName.get(name) ?? [];
  }

  /**
   * The one class or function under a name.
   * @throws {ServeError} DEPLOY_FAILED when there is none, or more than one
   */
  find(name: string): Registration {
    const [first, ...others] = this.named(name);
    if (first === undefined) throw this.#missing(name);
    if (others.length === 0) return first;
    const places = [first, ...others].map((one) => describePlace(one.place)).join(" and ");
    throw new ServeError(
      "DEPLOY_FAILED",
      `${name}: two different deployments are registered under this name (${places}); give one another name`,
    );
  }

  /** Resolves when user code reaches `serve.run` for the next time. */
  nextReach(): Promise<void> {
    return (this.#next ??= Promise.withResolvers<void>()).promise;
  }

  /** Records that user code reached `serve.run` here; the first time counts. */
  reach(reached: Reached): void {
    this.#first ??= reached;
    this.#reached.resolve(this.#first);
    this.#next?.resolve();
    this.#next = undefined;
  }

  #missing(name: string): ServeError {
    const known = [...this.#byName.keys()].join(", ");
    const details = { deployment: name, registered: [...this.#byName.keys()] };
    if (this.#first === undefined) {
      const found = known === "" ? "it registers none" : `it registers ${known}`;
      return new ServeError(
        "DEPLOY_FAILED",
        `${name} is not registered by its module: ${found}; call deployment() at module level`,
        details,
      );
    }
    const { call, place } = this.#first;
    const text = `\`${name}\` is defined after \`${call}\` in ${describePlace(place)}; move it above or guard the call with \`if (import.meta.main)\``;
    return new ServeError("DEPLOY_FAILED", text, details);
  }
}

/** `file:line`, or why there is none. */
export function describePlace(place: Place | NoPlace): string {
  return "file" in place ? `${place.file}:${place.line}` : place.received;
}
