// Random faults by a seed, under load, while applications are deployed, broken, scaled and configured; then the question
// whether everything is as it was acknowledged.
//   F1  Faults and orders go on side by side, each at its own random moments, and any may meet any.
//   F2  An order that was acknowledged holds, whatever died meanwhile. One that failed for another reason than its own
//       code is a problem.
//   F3  The seed decides what is done and when; how the processes interleave it cannot decide.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import { seededRandom } from "../../src/core/random.ts";
import { toServeError } from "../../src/core/errors.ts";
import { Clients } from "./clients.ts";
import { type Harm, HARMS, hurt } from "./hurt.ts";
import type { Instance } from "./instance.ts";
import { Ledger } from "./ledger.ts";
import { type Condition } from "./versions.ts";

/** What was acknowledged last. */
interface Wanted {
  version: number;
  condition: Condition;
  /** The newest version that serves, or did before the broken ones. */
  serving: number;
  frontReplicas: number;
  configuredReplicas: number;
}

export interface FaultFigures {
  readonly ledger: Ledger;
  /** What must not be; empty when all is well. */
  readonly problems: string[];
  readonly orders: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** What three more deploys and a thousand requests cost head and proxy. */
  readonly growth: Readonly<Record<"head" | "proxy", { readonly openFiles: number; readonly residentMiB: number }>>;
  /** From the start of a head, whose predecessor was killed at rest, until all statuses were right, milliseconds. */
  readonly statusRightMs: number;
}

/** Pauses between two faults, and between two orders. */
const FAULT_PAUSE_MS = { least: 500, most: 3500 };
const ORDER_PAUSE_MS = { least: 500, most: 5000 };
/** How long the instance may take to come to rest in the end. Chosen: a crash loop's third back-off, on a slow machine. */
const REST_LIMIT_MS = 60_000;
/** Within this head and proxy are flat. Chosen: a heap that has not been collected yet, a connection that is being closed. */
const MOST_GROWTH = { openFiles: 5, mib: 40 };

export class FaultRun {
  readonly ledger = new Ledger();
  readonly problems: string[] = [];
  readonly #instance: Instance;
  readonly #next: () => number;
  readonly #wanted: Wanted = { version: 1, condition: "good", serving: 1, frontReplicas: 2, configuredReplicas: 1 };
  /** Every version that may have answered. */
  readonly #good = new Set([1]);
  readonly #orders: Record<string, number> = {};
  readonly #faults: Record<string, number> = {};
  #versions = 1;
  #untilMs = 0;

  constructor(instance: Instance, seed: number) {
    this.#instance = instance;
    const random = seededRandom(seed);
    this.#next = () => random.next();
  }

  async run(durationMs: number): Promise<FaultFigures> {
    const { versions, url } = this.#instance;
    await this.#instance.deploy("shop", versions.write(1), true);
    versions.write(0);
    await this.#configure();
    const clients = new Clients(this.ledger);
    const base = url.replace(/\/$/, "");
    this.#good.add(0);
    clients.http("http", `${base}/shop`, 3);
    clients.http("configured", `${base}/configured`, 1);
    await clients.handle("shop", 1);
    this.#untilMs = systemClock.monotonic() + durationMs;
    await Promise.all([this.#hurtAll(), this.#orderAll()]);
    this.ledger.note("faults and orders are over");
    await this.#rest();
    const growth = await this.#growth();
    await clients.stop();
    const statusRightMs = await this.#quietHeadDeath();
    this.problems.push(...this.ledger.problems(this.#good));
    return {
      ledger: this.ledger,
      problems: this.problems,
      orders: this.#orders,
      faults: this.#faults,
      growth,
      statusRightMs,
    };
  }

  /** How many replicas there should be at rest; a version that hangs has some that never serve. */
  get replicas(): number {
    const { frontReplicas, configuredReplicas } = this.#wanted;
    return frontReplicas + 2 + configuredReplicas + 2;
  }

  get #isOver(): boolean {
    return systemClock.monotonic() >= this.#untilMs || this.problems.length > 0;
  }

  #pause({ least, most }: { least: number; most: number }): Promise<void> {
    return systemClock.sleep(least + this.#next() * (most - least));
  }

  #pick<T extends { readonly weight: number }>(choices: readonly T[]): T {
    let at = this.#next() * choices.reduce((sum, { weight }) => sum + weight, 0);
    return choices.find(({ weight }) => (at -= weight) < 0) ?? (choices[0] as T);
  }

  async #hurtAll(): Promise<void> {
    const open: Promise<void>[] = [];
    while (!this.#isOver) {
      await this.#pause(FAULT_PAUSE_MS);
      // Now and then two at the same moment.
      const count = this.#next() < 0.2 ? 2 : 1;
      for (let i = 0; i < count; i++)
        open.push(this.#hurtOne(this.#pick(HARMS)).catch((error) => this.#problem(error)));
    }
    await Promise.all(open);
  }

  async #hurtOne(harm: Harm): Promise<void> {
    const pids = this.#instance.pids(harm.program);
    const pid = pids[Math.floor(this.#next() * pids.length)];
    if (pid === undefined) return;
    const name = `${harm.how} ${harm.program}`;
    this.#faults[name] = (this.#faults[name] ?? 0) + 1;
    await hurt(harm, pid, this.#instance, this.ledger, this.#next);
  }

  async #orderAll(): Promise<void> {
    const orders = [
      { name: "deploy", weight: 5, give: () => this.#deploy("good") },
      { name: "broken deploy", weight: 3, give: () => this.#deploy(this.#pick(BROKEN).condition) },
      { name: "scale", weight: 2, give: () => this.#scale() },
      { name: "config", weight: 2, give: () => this.#configure(1 + Math.floor(this.#next() * 3)) },
    ];
    while (!this.#isOver) {
      await this.#pause(ORDER_PAUSE_MS);
      const { name, give } = this.#pick(orders);
      this.#orders[name] = (this.#orders[name] ?? 0) + 1;
      this.ledger.note(`order: ${name}`);
      await give().catch((error: unknown) => this.#problem(error));
      this.ledger.note(`acknowledged: ${name}, ${JSON.stringify(this.#wanted)}`);
    }
  }

  /** Deploys the next version. Half of the good ones are waited for. */
  async #deploy(condition: Condition): Promise<void> {
    const version = ++this.#versions;
    const importPath = this.#instance.versions.write(version, condition, this.#wanted.frontReplicas);
    if (condition === "good") this.#good.add(version);
    const wait = condition === "good" && this.#next() < 0.5;
    await this.#instance.deploy("shop", importPath, wait);
    const serving = condition === "good" ? version : this.#wanted.serving;
    Object.assign(this.#wanted, { version, condition, serving });
  }

  /** The same code with another number of replicas. */
  async #scale(): Promise<void> {
    const { version, condition } = this.#wanted;
    this.#wanted.frontReplicas = 1 + Math.floor(this.#next() * 4);
    const importPath = this.#instance.versions.write(version, condition, this.#wanted.frontReplicas);
    await this.#instance.deploy("shop", importPath, false);
  }

  /** A config file with one application, of so many replicas; by `manta deploy`. Half of them are waited for. */
  async #configure(replicas = this.#wanted.configuredReplicas): Promise<void> {
    const deployments = [{ name: "Front", num_replicas: replicas }];
    const application = { name: "configured", route_prefix: "/configured", import_path: "./v0.mjs:app", deployments };
    const file = join(this.#instance.versions.folder, "config.json");
    writeFileSync(file, JSON.stringify({ applications: [application] }));
    const wait = this.#untilMs === 0 || this.#next() < 0.5;
    await this.#instance.manta("deploy", file, ...(wait ? [] : ["--no-wait"]));
    this.#wanted.configuredReplicas = replicas;
  }

  #problem(reason: unknown): void {
    const { code, message } = toServeError(reason);
    this.problems.push(`${code}: ${message}`);
    this.ledger.note(`problem: ${code}: ${message}`);
  }

  /** Waits until statuses are what was acknowledged, and checks that the answers are, too. */
  async #rest(): Promise<void> {
    try {
      await this.#instance.until(
        async () => (await this.#wrong()).length === 0,
        "what was acknowledged",
        REST_LIMIT_MS,
      );
    } catch {
      this.problems.push(...(await this.#wrong()));
    }
    const from = this.ledger.now();
    const late = () => this.ledger.sent.filter(({ startMs }) => startMs > from);
    await this.#instance.until(async () => late().length > 200, "answers come", REST_LIMIT_MS);
    const shop = late().filter(({ client }) => !client.startsWith("configured"));
    const others = shop.filter(
      ({ outcome }) => outcome.kind === "answered" && outcome.answer.version !== this.#wanted.serving,
    );
    if (others.length > 0)
      this.problems.push(`at rest ${others.length} answers are not of version ${this.#wanted.serving}`);
  }

  /** Head and proxy are flat: what comes and goes leaves nothing open, and little in memory. */
  async #growth(): Promise<FaultFigures["growth"]> {
    const look = () => ({ head: this.#instance.usage("head"), proxy: this.#instance.usage("proxy") });
    const before = look();
    const answered = this.ledger.answered + 1000;
    for (let deploy = 0; deploy < 3; deploy++) await this.#deploy("good");
    await this.#instance.until(async () => this.ledger.answered >= answered, "answers come", REST_LIMIT_MS);
    await this.#rest();
    const after = look();
    const grown = (name: "head" | "proxy") => {
      const openFiles = after[name].openFiles - before[name].openFiles;
      const residentMiB = after[name].residentMiB - before[name].residentMiB;
      if (openFiles > MOST_GROWTH.openFiles) this.problems.push(`the ${name} has ${openFiles} more files open`);
      if (residentMiB > MOST_GROWTH.mib) this.problems.push(`the ${name} has grown by ${residentMiB} MiB`);
      return { openFiles, residentMiB };
    };
    return { head: grown("head"), proxy: grown("proxy") };
  }

  /** How the statuses differ from what was acknowledged, a line each. */
  async #wrong(): Promise<string[]> {
    const { applications, proxies, http } = await this.#instance.status();
    const found: string[] = [];
    const expect = (what: string, seen: unknown, wanted: unknown): void => {
      if (seen !== wanted) found.push(`${what} is ${String(seen)}, and ${String(wanted)} was acknowledged`);
    };
    const { condition, frontReplicas, configuredReplicas } = this.#wanted;
    expect("applications", Object.keys(applications).sort().join(), "configured,shop");
    expect("proxy", proxies["local"]?.status, "HEALTHY");
    expect("URL", http?.url, this.#instance.url);
    const shopStatus = { good: "RUNNING", hangs: "DEPLOYING" }[condition as string] ?? "DEPLOY_FAILED";
    expect("status of shop", applications["shop"]?.status, shopStatus);
    expect("status of configured", applications["configured"]?.status, "RUNNING");
    const running = (application: string, deployment: string): number =>
      (applications[application]?.deployments[deployment]?.replicas ?? []).filter(({ state }) => state === "RUNNING")
        .length;
    if (condition === "good") expect("replicas of shop", running("shop", "Front"), frontReplicas);
    expect("replicas of configured", running("configured", "Front"), configuredReplicas);
    return found;
  }

  /** Kills the head at rest. @returns how long the next one took until its statuses were right, from its start (K1) */
  async #quietHeadDeath(): Promise<number> {
    const before = await this.#instance.ask("info", null);
    const { applications } = await this.#instance.status();
    this.ledger.note("the head is killed at rest");
    process.kill(before.pid, "SIGKILL");
    const isNext = async () => (await this.#instance.ask("info", null)).pid !== before.pid;
    await this.#instance.until(isNext, "the next head", REST_LIMIT_MS);
    const { startTimeS } = await this.#instance.ask("info", null);
    const same = async () => replicasOf((await this.#instance.status()).applications) === replicasOf(applications);
    await this.#instance
      .until(async () => (await this.#wrong()).length === 0 && (await same()), "statuses are right", 2000)
      .catch(async (error: unknown) => {
        this.#problem(error);
        this.problems.push(...(await this.#wrong()));
      });
    return systemClock.now() - startTimeS * 1000;
  }
}

const BROKEN = [
  { condition: "throws", weight: 3 },
  { condition: "exits", weight: 2 },
  { condition: "unhealthy", weight: 1 },
  { condition: "hangs", weight: 1 },
] as const;

/** The replicas that run, as a text. */
function replicasOf(applications: Awaited<ReturnType<Instance["status"]>>["applications"]): string {
  return Object.values(applications)
    .flatMap(({ deployments }) => Object.values(deployments).flatMap(({ replicas }) => replicas))
    .filter(({ state }) => state === "RUNNING")
    .map(({ replicaId, pid }) => `${replicaId} ${pid}`)
    .sort()
    .join();
}
