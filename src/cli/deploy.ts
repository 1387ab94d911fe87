// `manta deploy`: a config file, or an import path, to an instance that runs on by itself.
//   R1  Where none runs one is started in the background with the file's options, as Ray Serve's API does; for an import
//       path with those of `manta start`.
//   R2  It ends when everything runs (0) or something failed (1); with `--no-wait` when it was accepted.
import { instanceOptionsOf } from "../config/config-instance.ts";
import type { InstanceOptions } from "../config/options.generated.ts";
import { systemClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import type { DeployFlags } from "./actions.ts";
import { EXIT } from "./exit-codes.ts";
import { findHead, type HeadClient } from "./head-client.ts";
import { namespaceOf, resolveFlags } from "./instance-flags.ts";
import { RestInstance } from "./rest-instance.ts";
import { isConfigFile } from "./run-target.ts";
import { configOfImportPath, ignoredFlags, namesOf, readConfig, type SentConfig } from "./sent-config.ts";
import { showProgress } from "./show-progress.ts";
import { startInstance } from "./start-instance.ts";
import type { StatusPart } from "./status-part.ts";
import { urlOf } from "./url-of.ts";
import { warn } from "./warn.ts";

/** How often an instance behind REST is looked at, milliseconds. */
const LOOK_MS = 200;

/** @throws {ServeError} CONFIG_INVALID what is wrong with the file, DEPLOY_FAILED with the reasons */
export async function deploy(target: string, args: readonly string[], flags: DeployFlags): Promise<number> {
  const sent = read(target, args, flags);
  warn(...sent.warnings);
  const file = isConfigFile(target) ? instanceOptionsOf(sent.config, sent.workingDir) : {}; // R1
  const status =
    flags.address === undefined ? await deployHere(sent, flags, file) : await deployAt(flags.address, sent, flags);
  announce(namesOf(sent.config), status, flags);
  return EXIT.ok;
}

function read(target: string, args: readonly string[], flags: DeployFlags): SentConfig {
  if (!isConfigFile(target)) {
    console.error(`Deploying from import path: '${target}'.`);
    return configOfImportPath(target, args, flags);
  }
  console.error(`Deploying from config file: '${target}'.`);
  if (args.length > 0) {
    throw new ServeError("CONFIG_INVALID", "Application arguments cannot be specified for a config file.");
  }
  const ignored = ignoredFlags(flags);
  if (ignored !== undefined) warn(ignored);
  return readConfig(target, flags.allowUnknownKeys === true);
}

/** Over the control link of the namespace's instance. */
async function deployHere(sent: SentConfig, flags: DeployFlags, file: InstanceOptions): Promise<StatusPart> {
  const namespace = namespaceOf(flags);
  const head = (await findHead(namespace)) ?? (await start(flags, file));
  try {
    const before = await head.status();
    const order = { document: sent.document, workingDir: sent.workingDir, allowUnknownKeys: true };
    const running = head.deployConfig({ ...order, wait: flags.wait });
    if (flags.json !== true && process.stderr.isTTY) await showProgress(head, running, before);
    const { warnings } = await running;
    warn(...warnings.filter((warning) => !sent.warnings.includes(warning)));
    return await head.status();
  } finally {
    head.close();
  }
}

async function start(flags: DeployFlags, file: InstanceOptions): Promise<HeadClient> {
  const { resolved } = resolveFlags(flags, file);
  const { head, started } = await startInstance(resolved);
  const { namespace } = head;
  if (started) console.error(`no instance ran in namespace ${namespace}: started one; manta shutdown ends it`);
  return head;
}

/** Through the REST API. */
async function deployAt(address: string, sent: SentConfig, flags: DeployFlags): Promise<StatusPart> {
  const instance = new RestInstance(address);
  warn(...(await instance.deploy(sent.document)).filter((line) => line !== sent.warnings.join("; ")));
  const names = namesOf(sent.config);
  for (;;) {
    const status = await instance.status();
    const states = names.map((name) => ({ name, ...(status.applications[name] ?? DELETED) }));
    if (!flags.wait || states.every((state) => state.status === "RUNNING")) return status;
    const failed = states.filter((state) => state.status === "DEPLOY_FAILED");
    if (failed.length > 0) {
      const reasons = failed.map(({ name, message }) => `application ${name}: ${message}`);
      throw new ServeError("DEPLOY_FAILED", reasons.join("\n"));
    }
    await systemClock.sleep(LOOK_MS);
  }
}

/** What an application is that was accepted and is not there any more. */
const DELETED = { status: "DEPLOY_FAILED", message: "it was deleted meanwhile" } as const;

function announce(names: readonly string[], status: StatusPart, flags: DeployFlags): void {
  const places = names.map((name) => ({ name, url: urlOf(status, name) }));
  if (flags.json === true) {
    const states = places.map(({ name, url }) => ({ name, status: status.applications[name]?.status ?? null, url }));
    console.log(JSON.stringify({ applications: states }));
    return;
  }
  if (flags.wait) {
    for (const { name, url } of places)
      console.log(url === null ? `${name} runs, without a route` : `${name} runs at ${url}`);
    return;
  }
  console.log("\nSent deploy request successfully.");
  console.log(" * Use `manta status` to check applications' statuses.");
  console.log(" * Use `manta config` to see the current application config(s).");
}
