// The driver behind `serve.*`: finds or starts the instance, hands applications to the head, holds the handles' runtime.
// Loaded by `import()` at the first use of `serve`.
//   R1  One instance at a time; calls made side by side share its start. After `shutdown`, or when the instance is gone,
//       the next `run` or `start` looks for one anew.
//   R2  Only `run` and `start` start an instance; the others say that there is none.
//   R3  Before the head is asked to deploy, this process subscribes to what its handles call. The answer comes on the
//       same link after the targets, so that a later call never reaches the old version (D7).
//   R4  An instance started here ends with this process, and what its replicas print is printed here; one that was
//       joined does not notice.
import { setDefaultRuntime } from "../api/globals.ts";
import type { Driver } from "../api/serve.ts";
import { readEnv } from "../config/env.ts";
import type { InstanceOptions } from "../config/options.generated.ts";
import type { ServeConfig } from "../config/serve-config.ts";
import { resolveInstance } from "../config/resolve.ts";
import { whyUnsupported } from "../config/supported-system.ts";
import { systemClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { systemRandom } from "../core/random.ts";
import type { ApplicationSpec } from "../model/application-spec.ts";
import type { CallTarget } from "../model/call.ts";
import { type InstanceStatus, NO_INSTANCE } from "../model/status.ts";
import { type Asker, type Attached, findInstance, type Instance, joinOrStart } from "./instance.ts";
import { joinWarning } from "./join-warning.ts";
import { OutputPrinter } from "./output-printer.ts";
import { DriverRuntime } from "./runtime.ts";
import { onStopSignal } from "./signals.ts";

/** How long a lost head may take to come back before another instance is looked for. Chosen: K1's 2 s. */
const COMEBACK_MS = 2000;

/** An instance, and whether this very call started it. */
interface Opened {
  readonly instance: Instance;
  readonly started: boolean;
}

class ProcessDriver implements Driver {
  readonly runtime = new DriverRuntime(systemClock, systemRandom);
  readonly #output = new OutputPrinter((line) => void process.stderr.write(`${line}\n`));
  readonly #asker: Asker = {
    role: "driver",
    onLink: (link) => {
      this.runtime.follow(link);
      this.#output.install(link);
    },
    logger: this.runtime.logger,
    clock: systemClock,
    random: systemRandom,
  };
  #instance: Instance | undefined;
  #latest: Promise<unknown> = Promise.resolve();

  async start(options: InstanceOptions): Promise<void> {
    const opened = await this.#running(options);
    await this.#listening(opened);
  }

  async run(applications: readonly ApplicationSpec[], options: InstanceOptions): Promise<void> {
    const opened = await this.#running(options);
    for (const { name, ingress } of applications) this.runtime.prepare({ application: name, deployment: ingress }); // R3
    const deployed = opened.instance.head.request("deploy", { applications, wait: true });
    // Told after it: an instance that cannot listen is ended, and the deploy fails for that reason.
    deployed.catch(() => undefined);
    await this.#listening(opened);
    await deployed;
  }

  async deploy(source: string | ServeConfig, options: InstanceOptions): Promise<void> {
    const { openConfig } = await import("./open-config.ts");
    const { document, workingDir, instance } = openConfig(source, options);
    const opened = await this.#running(instance, options);
    const order = { document, workingDir, wait: true, allowUnknownKeys: false };
    const deployed = opened.instance.head.request("deployConfig", order);
    deployed.catch(() => undefined);
    await this.#listening(opened);
    const { warnings } = await deployed;
    for (const warning of warnings) this.runtime.logger.warn("serve.deployed", { warning });
  }

  async status(): Promise<InstanceStatus> {
    const instance = await this.#found();
    return instance === undefined ? NO_INSTANCE : instance.head.request("status", null);
  }

  async delete(application: string): Promise<void> {
    const instance = await this.#found();
    if (instance === undefined) throw nothingRuns(application);
    await instance.head.deleteApplication(application);
  }

  async locate(application: string, deployment: string | null): Promise<CallTarget> {
    const instance = await this.#found();
    if (instance === undefined) throw nothingRuns(application);
    const located = await instance.head.request("locate", { application, deployment });
    const target = { application, deployment: located.deployment };
    this.runtime.prepare(target);
    // R3 here as well: limits and replicas are known before the first call, for any answer comes after the targets.
    await instance.head.request("info", null);
    return target;
  }

  async shutdown(): Promise<void> {
    const instance = await this.#found();
    if (instance === undefined) return;
    instance.attached?.release();
    await instance.head.shutdown();
    await instance.attached?.ended;
    this.#forget(instance);
  }

  /** The instance, started when there is none. @param said those of the options that a running one's own are held against */
  async #running(options: InstanceOptions, said = options): Promise<Opened> {
    const problem = whyUnsupported(process.platform, process.versions.node);
    if (problem !== undefined) throw new ServeError("ENGINE", problem, {}, { retryable: false });
    let opened = false;
    const instance = await this.#next(async () => {
      opened = true;
      return joinOrStart(resolveInstance(options, readEnv(), "serve.start"), this.#asker);
    });
    const started = opened && instance.attached !== undefined;
    if (!started) await this.#warn(instance, said);
    return { instance, started };
  }

  /** Until HTTP listens. An instance that cannot is ended by the call that started it, so that nothing is left behind. */
  async #listening({ instance, started }: Opened): Promise<void> {
    try {
      await instance.head.request("ready", null);
    } catch (error) {
      if (started) await this.shutdown();
      throw error;
    }
  }

  /** The instance, if one runs (R2). */
  #found(): Promise<Instance | undefined> {
    return this.#next(() => findInstance(undefined, this.#asker));
  }

  /** The instance of earlier calls while it lives, else the one that `open` finds; one call after the other (R1). */
  #next<I extends Instance | undefined>(open: () => Promise<I>): Promise<I | Instance> {
    const before = this.#latest;
    const next = before
      .catch(() => undefined)
      .then(async () => {
        const known = this.#instance;
        if (known !== undefined && (await known.head.isAlive(COMEBACK_MS))) return known;
        if (known !== undefined) this.#forget(known);
        const instance = await open();
        if (instance !== undefined) this.#adopt(instance);
        return instance;
      });
    this.#latest = next;
    return next;
  }

  #adopt(instance: Instance): void {
    this.#instance = instance;
    this.runtime.attach(instance.token);
    if (instance.attached !== undefined) this.#own(instance, instance.attached);
  }

  /** This process started it: it answers for its end (K6, R4). */
  #own(instance: Instance, attached: Attached): void {
    this.#output.follow(instance.head);
    const stopListening = onStopSignal(
      () => {
        // A head that cannot be asked ends by itself when this process does.
        this.shutdown().then(
          () => process.exit(0),
          () => process.exit(1),
        );
      },
      true,
      systemClock,
    );
    void attached.ended.then(({ orderly, reason }) => {
      stopListening();
      if (!orderly) this.runtime.logger.error("serve.ended", { reason });
      this.#forget(instance);
    });
  }

  #forget(instance: Instance): void {
    if (this.#instance !== instance) return;
    this.#instance = undefined;
    instance.head.close("the instance has ended");
    this.runtime.detach();
  }

  async #warn(instance: Instance, options: InstanceOptions): Promise<void> {
    if (Object.keys(options).length === 0) return;
    const warning = joinWarning(options, instance.namespace, await instance.head.request("status", null));
    if (warning !== undefined) this.runtime.logger.warn("serve.joined", { warning });
  }
}

function nothingRuns(application: string): ServeError {
  const { namespace } = readEnv();
  const message = `application ${application} not found: no instance runs in namespace ${namespace}; start one by serve.run(app)`;
  return new ServeError("APPLICATION_NOT_FOUND", message, { application });
}

/** The driver of this process. Code that no replica surrounds has its runtime from here on. */
export const driver: Driver = new ProcessDriver();
setDefaultRuntime(driver.runtime);
