// Brings config files to the controller: reads them, has every application built that they name, hands in what came of it.
//   R1  Builds run side by side, at most `MAX_BUILDS`; one that fails is that application's affair.
//   R2  A later file ends the builds of the one before: nobody waits for them (the controller takes their answers for void).
//   R3  What an earlier head accepted and did not build is built after its restart (K1).
import { applicationName } from "../config/application-config.ts";
import { instanceOptionsOf } from "../config/config-instance.ts";
import { parseServeConfig, type ServeConfig } from "../config/serve-config.ts";
import type { BuildTask } from "../controller/accept-config.ts";
import type { ControllerCommands } from "../controller/commands.ts";
import { ConfigError, ServeError, toServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { VersionedApplication } from "../model/target-state.ts";
import type { Order } from "../protocol/control.ts";
import type { Builders } from "./builders.ts";
import type { CodeVersions } from "./code-version.ts";
import { buildOrderOf, declaredApplication } from "./declared-application.ts";
import { ignoredOptions } from "./ignored-options.ts";

/** A builder is a process that loads user code: as many as a small machine has processors. */
const MAX_BUILDS = 2;

export interface DeployerParts {
  readonly commands: ControllerCommands;
  readonly builders: Builders;
  readonly versions: CodeVersions;
}

/** A config file as somebody sent it. */
export interface SentConfig extends Order {
  readonly document: unknown;
  /** Absolute folder that relative paths start from: the file's. */
  readonly workingDir: string;
  /** False: an unknown key is an error. */
  readonly allowUnknownKeys: boolean;
}

/** What was accepted. */
export interface DeployedConfig {
  readonly config: ServeConfig;
  /** Names of the file's applications. */
  readonly applications: readonly string[];
  /** Unknown keys, and options that a running instance keeps as they are; a line each. */
  readonly warnings: readonly string[];
}

export class ConfigDeployer {
  readonly #parts: DeployerParts;
  readonly #logger: Logger;
  #waiting: BuildTask[] = [];
  #building = 0;
  /** Aborts when a later file comes. */
  #current = new AbortController();

  constructor(parts: DeployerParts, logger: Logger) {
    this.#parts = parts;
    this.#logger = logger;
  }

  /**
   * Accepts a config file; its applications are built from now on.
   * @throws {ConfigError} what the file says is wrong, and then nothing of it holds
   * @throws {ServeError} DEPLOY_FAILED at the instance's end, ENGINE when the store refuses
   */
  async deploy({ document, workingDir, allowUnknownKeys, orderId }: SentConfig): Promise<DeployedConfig> {
    const { config, warnings: unknown } = parseServeConfig(document);
    if (unknown.length > 0 && !allowUnknownKeys) throw refused(unknown);
    const { commands } = this.#parts;
    await commands.whenOpen();
    const running = commands.status();
    const said = instanceOptionsOf(config, workingDir);
    const ignored = running.controller === null ? [] : ignoredOptions(config, said, running);
    const warnings = [...unknown, ...ignored];
    const applications = config.applications.map(applicationName);
    commands.order(orderId, applications, () => this.#start(commands.acceptConfig(config, workingDir)));
    for (const warning of warnings) this.#logger.warn("config.warning", { warning });
    return { config, applications, warnings };
  }

  /**
   * Resolves when all these applications are RUNNING and acknowledged, as `ControllerCommands.whenDeployed` says.
   * @throws {ServeError} DEPLOY_FAILED with the reason of each that has failed by then
   */
  async whenDeployed(applications: readonly string[], subscriberId?: string): Promise<void> {
    const { commands } = this.#parts;
    try {
      await commands.whenDeployed(applications, subscriberId);
    } catch (reason) {
      const known = commands.status().applications;
      const failed = applications.filter((name) => known[name]?.status === "DEPLOY_FAILED");
      if (failed.length === 0) throw reason;
      const message = failed.map((name) => `application ${name}: ${known[name]?.message}`).join("\n");
      throw new ServeError("DEPLOY_FAILED", message, { applications: failed });
    }
  }

  /** Builds what an earlier head left (R3); once links can come. */
  resume(): void {
    this.#start(this.#parts.commands.pendingBuilds());
  }

  #start(tasks: readonly BuildTask[]): void {
    this.#current.abort(); // R2
    this.#current = new AbortController();
    this.#waiting = [...tasks];
    this.#next();
  }

  #next(): void {
    while (this.#building < MAX_BUILDS) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      if (!this.#isWanted(task)) continue;
      this.#building++;
      void this.#run(task, this.#current.signal).finally(() => {
        this.#building--;
        this.#next();
      });
    }
  }

  /** False once the application was deleted or deployed otherwise, or the instance ends. */
  #isWanted({ application, generation }: BuildTask): boolean {
    const wanted = this.#parts.commands.pendingBuilds();
    return wanted.some((task) => task.application === application && task.generation === generation);
  }

  async #run(task: BuildTask, signal: AbortSignal): Promise<void> {
    const { application } = task;
    try {
      const outcome = await this.#build(task, signal).catch(toServeError);
      if (!signal.aborted) this.#parts.commands.finishBuild(task, outcome);
    } catch (error) {
      this.#logger.error("config.build_lost", { application, error });
    }
  }

  async #build(task: BuildTask, signal: AbortSignal): Promise<VersionedApplication> {
    const { builders, versions } = this.#parts;
    const order = buildOrderOf(task);
    const { applications } = await builders.build(order, signal);
    const [built] = applications;
    if (built === undefined || applications.length > 1) {
      const received = `${order.importPath}, which runs ${applications.length} applications`;
      throw new ConfigError({ path: "import_path", received, expected: "one application" });
    }
    return versions.stamp(declaredApplication(built, task));
  }
}

function refused(unknown: readonly string[]): ServeError {
  const message = `${unknown.join("\n")}\nallow unknown keys to deploy it nevertheless (--allow-unknown-keys)`;
  return new ServeError("CONFIG_INVALID", message, { warnings: [...unknown] });
}
