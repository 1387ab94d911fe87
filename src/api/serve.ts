// `serve`: how a script runs applications. Checks what it is given, turns applications into data, and hands the rest to
// the driver, which is loaded at the first use. In a replica or builder nothing runs (registry.ts R1).
import { checkOptions } from "../config/check-options.ts";
import { showValue } from "../config/check-rule.ts";
import type { ApplicationOptions, InstanceOptions, RunOptions } from "../config/options.generated.ts";
import type { ServeConfig } from "../config/serve-config.ts";
import { ConfigError } from "../core/errors.ts";
import type { ApplicationSpec } from "../model/application-spec.ts";
import type { CallTarget } from "../model/call.ts";
import type { InstanceStatus } from "../model/status.ts";
import { currentScope, store } from "./globals.ts";
import { buildApplicationSpec, isApplication, type BoundApplication } from "./graph.ts";
import { createHandle } from "./handle.ts";
import type { ReachedApplication } from "./registry.ts";
import type { Runtime } from "./runtime.ts";
import type { Application, Handle } from "./types.ts";
import { placeOfCaller } from "./user-place.ts";

/** What `serve` needs of a driver: options are checked and complete in form, applications are data. */
export interface Driver {
  /** Carries the calls of this driver's handles. */
  readonly runtime: Runtime;
  /** Joins the running instance of the namespace or starts one attached to this process. Further calls find it started. */
  start(options: InstanceOptions): Promise<void>;
  /**
   * Starts if need be, deploys, and resolves when all are RUNNING and every proxy and this driver have acknowledged.
   * @throws {ServeError} DEPLOY_FAILED with the reason, CONFIG_INVALID
   */
  run(applications: readonly ApplicationSpec[], options: InstanceOptions): Promise<void>;
  /** Starts if need be, as the config says, and resolves when all its applications are RUNNING and acknowledged. */
  deploy(config: string | ServeConfig, options: InstanceOptions): Promise<void>;
  status(): Promise<InstanceStatus>;
  /** Resolves when the application is gone. */
  delete(application: string): Promise<void>;
  shutdown(): Promise<void>;
  /**
   * A deployment, or the application's ingress for null.
   * @throws {ServeError} APPLICATION_NOT_FOUND, DEPLOYMENT_NOT_FOUND
   */
  locate(application: string, deployment: string | null): Promise<CallTarget>;
}

/** One application of `serve.runMany`. */
export interface RunManyItem extends ApplicationOptions {
  readonly app: Application<unknown>;
}

/** Runs and manages applications. */
export interface Serve {
  /**
   * Deploys an application and waits until it serves: a later request never reaches an older version. Joins the running
   * instance of the namespace, or starts one attached to this process.
   * @returns the handle of the application's ingress deployment
   * @throws {ServeError} DEPLOY_FAILED with the reason, CONFIG_INVALID
   */
  run<T>(app: Application<T>, options?: RunOptions): Promise<Handle<T>>;
  /**
   * Deploys several applications side by side and waits until all of them serve.
   * @throws {ServeError} as `run`; two applications under one name or route prefix are CONFIG_INVALID
   */
  runMany(items: readonly RunManyItem[], options?: InstanceOptions): Promise<void>;
  /**
   * Deploys a config file and waits until all its applications serve: those that it names are built from their import
   * paths, declared ones that it does not name go, and what `serve.run` deployed stays. Joins the running instance of the
   * namespace, or starts one as the config says.
   * @param config path of a YAML or JSON file; or what one would hold, whose relative paths start from this process's folder
   * @param options of the instance, above those of the config
   * @throws {ServeError} DEPLOY_FAILED with the reasons, CONFIG_INVALID for a wrong config
   */
  deploy(config: string | ServeConfig, options?: InstanceOptions): Promise<void>;
  /** Joins the running instance of the namespace, or starts one; an instance that runs keeps its own options. */
  start(options?: InstanceOptions): Promise<void>;
  /** What runs, in the words of Ray Serve's REST API, and where it listens. */
  status(): Promise<InstanceStatus>;
  /**
   * The handle of an application's ingress deployment.
   * @throws {ServeError} APPLICATION_NOT_FOUND
   */
  getAppHandle<T = unknown>(name: string): Promise<Handle<T>>;
  /**
   * The handle of one deployment.
   * @param application default `default`
   * @throws {ServeError} APPLICATION_NOT_FOUND, DEPLOYMENT_NOT_FOUND
   */
  getDeploymentHandle<T = unknown>(deployment: string, application?: string): Promise<Handle<T>>;
  /** Deletes an application; resolves when its replicas are gone. */
  delete(name: string): Promise<void>;
  /** Drains and ends the instance with everything in it. */
  shutdown(): Promise<void>;
}

/** `serve` over a driver that is loaded at the first use. */
export function createServe(load: () => Promise<Driver>): Serve {
  return {
    async run<T>(app: Application<T>, options: RunOptions = {}): Promise<Handle<T>> {
      checkOptions("run", options, "serve.run");
      const { name = "default", routePrefix = "/", ...rest } = options;
      const { loggingConfig, runtimeEnv, autoscalingPolicy, externalScalerEnabled, ...instance } = rest;
      const bound = checkApplication(app, "serve.run(...)");
      const shared = { loggingConfig, runtimeEnv, autoscalingPolicy, externalScalerEnabled };
      await endRegistry("serve.run", [{ app, name, routePrefix, shared }]);
      const spec = specOf(bound, name, routePrefix, shared);
      const driver = await load();
      // Ray Serve's meaning of the option is the application's; an instance that this call starts gets it as well.
      await driver.run([spec], loggingConfig == null ? instance : { ...instance, loggingConfig });
      return createHandle({ application: name, deployment: spec.ingress }, driver.runtime);
    },

    async runMany(items, options = {}) {
      checkOptions("instance", options, "serve.runMany");
      const applications = checkItems(items).map(({ app, ...rest }, index) => {
        checkOptions("application", rest, `serve.runMany(...)[${index}]`);
        const { name = "default", routePrefix = "/" } = rest;
        return { app: checkApplication(app, `serve.runMany(...)[${index}].app`), name, routePrefix, shared: rest };
      });
      await endRegistry("serve.runMany", applications);
      const specs = applications.map(({ app, name, routePrefix, shared }) => specOf(app, name, routePrefix, shared));
      await (await load()).run(specs, options);
    },

    async deploy(config, options = {}) {
      checkConfig(config);
      checkOptions("instance", options, "serve.deploy");
      await endRegistry("serve.deploy", []);
      await (await load()).deploy(config, options);
    },

    async start(options = {}) {
      checkOptions("instance", options, "serve.start");
      // Scripts call it before `serve.run`, so a replica has to come past it.
      if (store.registry.mode === "driver") await (await load()).start(options);
    },

    async status() {
      await endRegistry("serve.status", []);
      return (await load()).status();
    },

    async getAppHandle<T>(name: string): Promise<Handle<T>> {
      checkName(name, "serve.getAppHandle(...)", "application");
      return locate<T>(load, "serve.getAppHandle", name, null);
    },

    async getDeploymentHandle<T>(deployment: string, application = "default"): Promise<Handle<T>> {
      checkName(deployment, "serve.getDeploymentHandle(...)", "deployment");
      checkName(application, "serve.getDeploymentHandle(..., application)", "application");
      return locate<T>(load, "serve.getDeploymentHandle", application, deployment);
    },

    async delete(name) {
      checkName(name, "serve.delete(...)", "application");
      await endRegistry("serve.delete", []);
      await (await load()).delete(name);
    },

    async shutdown() {
      await endRegistry("serve.shutdown", []);
      await (await load()).shutdown();
    },
  };
}

/**
 * In a replica or builder: tells that user code got here, and never resolves.
 * @throws {ConfigError} a request that runs in a replica got here: it would wait for ever
 */
function endRegistry(call: string, applications: readonly ReachedApplication[]): Promise<void> | undefined {
  const { registry } = store;
  if (registry.mode === "driver") return undefined;
  if (currentScope() !== undefined) {
    const expected = "a call from a driver script, or of `manta` or the REST API";
    throw new ConfigError({ path: call, received: "a call from a request that a replica answers", expected });
  }
  registry.reach({ call, place: placeOfCaller(), applications });
  return new Promise(() => undefined);
}

function specOf(
  app: BoundApplication,
  name: string,
  routePrefix: string | null,
  shared: ApplicationOptions,
): ApplicationSpec {
  return buildApplicationSpec(app, { name, routePrefix, shared, workingDir: process.cwd() });
}

async function locate<T>(
  load: () => Promise<Driver>,
  call: string,
  application: string,
  deployment: string | null,
): Promise<Handle<T>> {
  const around = store.surroundings.getStore();
  if (around?.scope !== undefined && around.runtime.locate !== undefined) {
    return createHandle<T>(await around.runtime.locate(application, deployment), around.runtime);
  }
  await endRegistry(call, []);
  const driver = await load();
  return createHandle<T>(await driver.locate(application, deployment), driver.runtime);
}

function checkItems(items: readonly RunManyItem[]): readonly RunManyItem[] {
  const path = "serve.runMany(...)";
  const expected = "a list of { app, name, routePrefix }";
  if (!Array.isArray(items)) throw new ConfigError({ path, received: showValue(items), expected });
  const wrong = items.findIndex((item: unknown) => typeof item !== "object" || item === null);
  if (wrong === -1) return items;
  throw new ConfigError({
    path: `${path}[${wrong}]`,
    received: showValue(items[wrong]),
    expected: "an object with `app`",
  });
}

function checkName(name: unknown, path: string, what: "application" | "deployment"): void {
  if (typeof name === "string" && name !== "") return;
  throw new ConfigError({
    path,
    received: showValue(name),
    expected: `the name of ${what === "application" ? "an" : "a"} ${what}`,
  });
}

function checkConfig(config: unknown): void {
  if ((typeof config === "object" && config !== null) || (typeof config === "string" && config !== "")) return;
  const expected = "the path of a config file, or an object with `applications`";
  throw new ConfigError({ path: "serve.deploy(...)", received: showValue(config), expected });
}

function checkApplication(app: unknown, path: string): BoundApplication {
  if (isApplication(app)) return app;
  const expected = "an application: what `deployment(...).bind(...)` returns";
  throw new ConfigError({ path, received: showValue(app), expected });
}
