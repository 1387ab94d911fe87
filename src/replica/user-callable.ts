// The user's class or function in a replica: made once, asked by name, told about its life.
//   R1  Lifecycle methods are never callable from outside; what is callable is looked up by name, nothing is enumerated per call.
//   R2  The order of a start is: constructor, `setup`, `reconfigure`, first `checkHealth` (D4).
import { FUNCTION_METHOD } from "../api/handle.ts";
import type { Registration } from "../api/registry.ts";
import { ServeError } from "../core/errors.ts";

type AnyMethod = (...args: readonly unknown[]) => unknown;
type UserObject = Record<string | symbol, unknown>;

const LIFECYCLE = new Set([
  "constructor",
  "setup",
  "reconfigure",
  "checkHealth",
  "recordAutoscalingStats",
  "recordRoutingStats",
]);

/** What the user's code is asked for. All of it runs where the caller set the surroundings (runtime, request). */
export class UserCallable {
  readonly deployment: string;
  readonly #registration: Registration;
  #object: UserObject | undefined;
  readonly #callable = new Map<string, boolean>();

  constructor(deployment: string, registration: Registration) {
    this.deployment = deployment;
    this.#registration = registration;
  }

  /** Runs the constructor and `setup`. @throws what they throw */
  async start(args: readonly unknown[]): Promise<void> {
    if (this.#registration.kind === "function") return;
    const Class = this.#registration.target as unknown as new (...args: readonly unknown[]) => object;
    this.#object = new Class(...args) as UserObject;
    await this.#lifecycle("setup");
  }

  /** True when `reconfigure` has a parameter for the rank. */
  get takesRank(): boolean {
    const method = this.#object?.["reconfigure"];
    return typeof method === "function" && method.length >= 2;
  }

  /** Calls `reconfigure` when there is a config to hand over, or when the method asks for the rank (reference 4.1). */
  async reconfigure(userConfig: unknown, rank: unknown): Promise<void> {
    const method = this.#object?.["reconfigure"];
    if (typeof method !== "function") return;
    if ((userConfig === null || userConfig === undefined) && !this.takesRank) return;
    await this.#lifecycle("reconfigure", userConfig, { rank });
  }

  /** @throws what `checkHealth` throws */
  async checkHealth(): Promise<void> {
    await this.#lifecycle("checkHealth");
  }

  /** Undefined: the class has no such method. Rejects with what it throws. */
  recordAutoscalingStats(): Promise<unknown> | undefined {
    const method = this.#object?.["recordAutoscalingStats"];
    return typeof method === "function" ? this.#lifecycle("recordAutoscalingStats") : undefined;
  }

  /** The same of `recordRoutingStats`. */
  recordRoutingStats(): Promise<unknown> | undefined {
    const method = this.#object?.["recordRoutingStats"];
    return typeof method === "function" ? this.#lifecycle("recordRoutingStats") : undefined;
  }

  /** Calls `[Symbol.asyncDispose]`. */
  async dispose(): Promise<void> {
    const method = this.#object?.[Symbol.asyncDispose];
    if (typeof method === "function") await (method as AnyMethod).call(this.#object);
  }

  /** The ingress's HTTP handler is there. @throws {ServeError} DEPLOY_FAILED naming the class and its methods */
  assertHandlesHttp(): void {
    if (this.#registration.kind === "function" || this.#isCallable("fetch") || this.#isCallable("websocket")) return;
    const methods = this.methodNames();
    const found = methods.length === 0 ? "it has no methods" : `it has ${methods.join(", ")}`;
    throw new ServeError(
      "DEPLOY_FAILED",
      `${this.deployment} is the ingress of an application with a route but has no fetch(request); ${found}; add one, or deploy with routePrefix: null`,
      { deployment: this.deployment, methods },
    );
  }

  /**
   * The field `docsPath` of an ingress: where it serves its documentation. Undefined: it has none.
   * @throws {ServeError} DEPLOY_FAILED when it is no path
   */
  docsPath(): string | undefined {
    const path = this.#object?.["docsPath"];
    if (typeof path !== "string") return undefined;
    if (path.startsWith("/")) return path;
    const message = `${this.deployment}.docsPath: received ${JSON.stringify(path)}, expected a path as clients ask for it, such as "/docs"`;
    throw new ServeError("DEPLOY_FAILED", message, { deployment: this.deployment });
  }

  /** Calls a method, or the function. @throws {ServeError} METHOD_NOT_FOUND, or what the code throws */
  call(method: string, args: readonly unknown[]): unknown {
    if (this.#object === undefined) {
      if (method === FUNCTION_METHOD) return (this.#registration.target as AnyMethod)(...args);
      throw this.#noMethod(method, []);
    }
    if (!this.#isCallable(method)) throw this.#noMethod(method, this.methodNames());
    return (this.#object[method] as AnyMethod)(...args);
  }

  /** Hands an HTTP request to the ingress. */
  fetch(request: Request): unknown {
    if (this.#object === undefined) return (this.#registration.target as AnyMethod)(request);
    return this.call("fetch", [request]);
  }

  /** Hands a WebSocket to the ingress. @throws {ServeError} METHOD_NOT_FOUND when it takes none */
  websocket(socket: object, request: Request): unknown {
    return this.call("websocket", [socket, request]);
  }

  /** Callable names, sorted, for messages. */
  methodNames(): readonly string[] {
    const names = new Set<string>();
    for (
      let at: unknown = this.#object;
      at !== null && at !== undefined && at !== Object.prototype;
      at = Object.getPrototypeOf(at)
    ) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
        // Accessors are the user's code: a message must not run them.
        if (typeof value === "function" && this.#isCallable(name)) names.add(name);
      }
    }
    return [...names].sort();
  }

  #isCallable(method: string): boolean {
    const known = this.#callable.get(method);
    if (known !== undefined) return known;
    const found: unknown = this.#object?.[method];
    const inherited: unknown = (Object.prototype as unknown as UserObject)[method];
    const callable =
      typeof found === "function" && found !== inherited && !LIFECYCLE.has(method) && !method.startsWith("__");
    // Names that do not exist come from callers; only what the object has is remembered.
    if (callable) this.#callable.set(method, callable);
    return callable;
  }

  async #lifecycle(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const method = this.#object?.[name];
    return typeof method === "function" ? (method as AnyMethod).apply(this.#object, [...args]) : undefined;
  }

  #noMethod(method: string, callable: readonly string[]): ServeError {
    const shown =
      method === FUNCTION_METHOD ? "it is a class and is not called directly" : `it has no method ${method}`;
    const cure =
      this.#object === undefined
        ? "it is a function: call the handle itself"
        : `callable: ${callable.join(", ") || "nothing"}`;
    return new ServeError(
      "METHOD_NOT_FOUND",
      `${this.deployment}: ${this.#object === undefined ? `no method ${method}` : shown}; ${cure}`,
      {
        deployment: this.deployment,
        method,
        callable,
      },
    );
  }
}
