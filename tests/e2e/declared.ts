// An instance for config files: started by a driver without applications, told by the words that `manta deploy` uses.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ApplicationConfig, ServeConfig } from "../../src/config/serve-config.ts";
import { Harness } from "./harness.ts";

const ROOT = join(import.meta.dirname, "../..");

/** tests/fixtures/config/, which the configs of these tests start from. */
export const FIXTURES = join(import.meta.dirname, "../fixtures/config");

/** What the shop of shop.ts answers. */
export interface ShopAnswer {
  readonly word: string;
  readonly pid: number;
  readonly cwd: string;
  readonly env?: string;
  readonly only?: string;
  readonly priced: { readonly price: number; readonly pid: number; readonly env?: string };
}

export class Declared {
  readonly harness = new Harness();
  url = "";

  async start(): Promise<void> {
    ({ url: this.url } = await this.harness.startServe(join(FIXTURES, "start.ts")));
  }

  /** Deploys a config whose paths start from the fixtures, and waits until it serves. @returns its warnings */
  async deploy(
    applications: readonly ApplicationConfig[],
    more: Partial<ServeConfig> = {},
  ): Promise<readonly string[]> {
    return this.send({ ...more, applications }, { wait: true });
  }

  /** Hands in a config, and waits for no more than its acceptance unless told. */
  async send(
    document: unknown,
    options: { readonly wait?: boolean; readonly workingDir?: string; readonly allowUnknownKeys?: boolean } = {},
  ): Promise<readonly string[]> {
    const { wait = false, workingDir = FIXTURES, allowUnknownKeys = false } = options;
    const order = { document, workingDir, wait, allowUnknownKeys };
    return (await this.harness.ask("deployConfig", order)).warnings;
  }

  /** Writes a module into a folder of its own. @returns the folder */
  write(name: string, source: string): string {
    return dirname(this.harness.write(name, source));
  }

  writeAt(file: string, source: string): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, source);
  }

  /** Lets modules of a folder import `manta-serve`. */
  linkPackage(folder: string): void {
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    symlinkSync(ROOT, join(folder, "node_modules", "manta-serve"));
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(new URL(path, this.url), init);
  }

  async shop(path: string): Promise<ShopAnswer> {
    const answer = await this.get(path);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as ShopAnswer;
  }

  /** Resolves with the message once the application has failed to deploy. */
  failure(application: string): Promise<string> {
    return this.harness.waitUntil(async () => {
      const { status, message } = await this.harness.application(application);
      return status === "DEPLOY_FAILED" && message;
    }, `${application} fails to deploy`);
  }
}

/** One application of the shop at `/<name>`. */
export function shop(name: string, more: Partial<ApplicationConfig> = {}): ApplicationConfig {
  return { name, route_prefix: `/${name}`, import_path: "./shop.ts:app", ...more };
}
