// `deployment()`: a class or function with options, checked at once and registered under its name.
//   R1  Wrong options, a missing name and method names that a handle hides are errors here, not at deploy.
import { checkOptions } from "../config/check-options.ts";
import { checkDeployment, mergeOptions, resolveDeployment } from "../config/resolve-deployment.ts";
import { showValue } from "../config/check-rule.ts";
import type { DeploymentOptions } from "../config/options.generated.ts";
import { ConfigError } from "../core/errors.ts";
import { CROSSING_HINT } from "../protocol/values.ts";
import { store } from "./globals.ts";
import { bindApplication } from "./graph.ts";
import type { DeploymentCode, Registration } from "./registry.ts";
import type { Application, Deployment } from "./types.ts";
import { placeOfCaller } from "./user-place.ts";

/** Methods that a handle answers by itself, so that nobody could ever call them. */
const HIDDEN_METHODS = ["options", "then", "toJSON"];

/**
 * Makes a deployment of a class: `bind` takes its constructor's arguments, a handle offers its methods.
 * @throws {ConfigError} a wrong option, a class without a name, or a method called `options`, `then` or `toJSON`
 */
export function deployment<C extends abstract new (...args: never[]) => object>(
  target: C,
  options?: DeploymentOptions,
): Deployment<InstanceType<C>, ConstructorParameters<C>>;
/**
 * Makes a deployment of a function, which keeps no state: `bind` takes nothing, its handle is called directly.
 * @throws {ConfigError} a wrong option, or a function without a name
 */
export function deployment<F extends (...args: never[]) => unknown>(
  target: F,
  options?: DeploymentOptions,
): Deployment<F, []>;
export function deployment(target: DeploymentCode, options: DeploymentOptions = {}): unknown {
  if (typeof target !== "function") {
    throw new ConfigError({ path: "deployment(...)", received: showValue(target), expected: "a class or a function" });
  }
  const kind = isClass(target) ? "class" : "function";
  checkDeployment(options, `deployment("${options?.name ?? target.name}")`);
  const name = options.name ?? target.name;
  if (name === "") {
    throw new ConfigError({
      path: "deployment(...)",
      received: kind === "class" ? "a class without a name" : "a function without a name",
      expected: `a name; name the ${kind}, or pass { name: "..." }`,
    });
  }
  if (kind === "class") refuseHiddenMethods(target, name);
  const registration: Registration = { name, kind, target, place: placeOfCaller() };
  store.registry.register(registration);
  return new DeploymentDefinition(registration, { ...options });
}

class DeploymentDefinition implements Deployment<unknown, readonly unknown[]> {
  /** As error messages and debuggers show it. */
  static readonly name: string = "Deployment";
  readonly [CROSSING_HINT] = "pass what its bind(...) returns, as an argument of another bind(...)";
  readonly #registration: Registration;
  readonly #input: DeploymentOptions;

  constructor(registration: Registration, input: DeploymentOptions) {
    this.#registration = registration;
    this.#input = input;
  }

  get name(): string {
    return this.#input.name ?? this.#registration.name;
  }

  bind(...args: unknown[]): Application<unknown> {
    if (this.#registration.kind === "function" && args.length > 0) {
      throw new ConfigError({
        path: `${this.name}.bind(...)`,
        received: `${args.length} argument${args.length === 1 ? "" : "s"}`,
        expected: "none, because a function deployment has no constructor; pass them when you call its handle",
      });
    }
    return bindApplication(this.name, this.#registration, this.#input, args) as unknown as Application<unknown>;
  }

  options(options: DeploymentOptions): Deployment<unknown, readonly unknown[]> {
    const path = `deployment("${this.name}").options`;
    checkOptions("deployment", options, path);
    const merged = mergeOptions(this.#input, options ?? {});
    resolveDeployment(merged, path);
    return new DeploymentDefinition(this.#registration, merged);
  }
}

/** The `prototype` of a class cannot be written, that of a function can, and arrow functions and methods have none. */
function isClass(target: DeploymentCode): boolean {
  return Object.getOwnPropertyDescriptor(target, "prototype")?.writable === false;
}

function refuseHiddenMethods(target: DeploymentCode, name: string): void {
  const own: unknown = (target as { prototype?: unknown }).prototype;
  for (let at = own; typeof at === "object" && at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const hidden = HIDDEN_METHODS.find((method) => Object.hasOwn(at, method));
    if (hidden === undefined) continue;
    throw new ConfigError({
      path: `deployment("${name}")`,
      received: `a method called ${hidden}, which a handle answers by itself`,
      expected: `another name for ${name}.${hidden}`,
    });
  }
}
