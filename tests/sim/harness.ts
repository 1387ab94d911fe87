// One controller after the other over one cluster, callers that acknowledge, and specifications in one line.
import { ChangeFeed } from "../../src/controller/change-feed.ts";
import { Controller } from "../../src/controller/controller.ts";
import { ManualClock } from "../../src/core/clock.ts";
import type { PolicyRunner } from "../../src/controller/scaling-policies.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { type Random, seededRandom } from "../../src/core/random.ts";
import { resolveOptions } from "../../src/config/check-options.ts";
import { resolveDeployment } from "../../src/config/resolve-deployment.ts";
import type { DeploymentOptions } from "../../src/config/options.generated.ts";
import { IMPERATIVE } from "../../src/model/application-spec.ts";
import type { VersionedApplication } from "../../src/model/target-state.ts";
import {
  type DeploymentTargets,
  type FeedChange,
  ROUTES_KEY,
  type RouteTableData,
  targetsKey,
} from "../../src/protocol/control.ts";
import { type Behaviour, FakeCluster } from "./fake-cluster.ts";

export const HTTP = resolveOptions("http", {});

/** Where no application brings a policy of its own. */
const NO_POLICIES: PolicyRunner = { ask: async () => ({}), keepOnly: () => undefined };

export const CALM: Behaviour = {
  bootMs: () => 50,
  loadMs: () => 100,
  failure: () => undefined,
  drainMs: () => 5,
  checkMs: () => 1,
  unhealthy: () => undefined,
};

export class Harness {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly cluster: FakeCluster;
  controller!: Controller;
  feed!: ChangeFeed;
  policies: PolicyRunner = NO_POLICIES;
  /** Time until a caller acknowledges, milliseconds. */
  ackMs: () => number = () => 2;

  constructor(behaviour: Partial<Behaviour> = {}, seed = 1) {
    this.random = seededRandom(seed);
    this.cluster = new FakeCluster({ ...CALM, ...behaviour }, this.clock, this.random);
  }

  /** A head starts; an earlier one is gone without a word. */
  async startHead(): Promise<void> {
    this.controller?.stop();
    const { clock, cluster } = this;
    this.feed = new ChangeFeed(silentLogger, clock);
    const engine = cluster.engine();
    const options = {
      engine,
      replicas: cluster.replicas,
      proxies: cluster.proxies,
      feed: this.feed,
      policies: this.policies,
      bootstrap: () => ({ args: [], env: {} }),
      http: HTTP,
      proxyLocation: "EveryNode" as const,
      logging: resolveOptions("logging", {}),
      pid: 1,
      proxyDir: "/",
      admin: () => null,
    };
    this.controller = new Controller(options, silentLogger, clock, this.random);
    await this.controller.start();
    this.subscribe("driver");
    cluster.attach(this.controller);
    await clock.advance(0);
  }

  /** A caller of everything: it reads the routes and the targets of each deployment it hears of. */
  subscribe(id: string): void {
    const { feed, clock } = this;
    feed.connect(id, (changes: readonly FeedChange[]) => {
      const versions = Object.fromEntries(changes.map(({ key, version }) => [key, version]));
      clock.after(this.ackMs(), () => feed.acknowledge(id, versions));
    });
    feed.subscribe(id, [ROUTES_KEY]);
  }

  /** The driver follows these deployments, too. */
  follow(application: string, ...deployments: string[]): void {
    this.feed.subscribe(
      "driver",
      deployments.map((name) => targetsKey(application, name)),
    );
  }

  /** Moves time in small steps and looks after each. */
  async run(ms: number, stepMs = 10, look: () => void = () => undefined): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.advance(stepMs);
      look();
    }
  }

  /** Moves time until `done`. */
  async until(done: () => boolean, limitMs = 60_000): Promise<void> {
    for (let passed = 0; !done(); passed += 10) {
      if (passed > limitMs)
        throw new Error(`not within ${limitMs} ms: ${JSON.stringify(this.controller.status(), null, 1)}`);
      await this.clock.advance(10);
    }
  }

  /** Waits for a promise while time goes on, and looks after each step. */
  async during(promise: Promise<unknown>, look: () => void, stepMs = 10): Promise<void> {
    let over = false;
    const watched = promise.finally(() => (over = true));
    watched.catch(() => undefined);
    while (!over) {
      await this.clock.advance(stepMs);
      look();
    }
    await watched;
  }

  /** Waits for a promise while time goes on. */
  async settle<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let done = false;
    const watched = promise.finally(() => (done = true));
    watched.catch(() => undefined);
    await this.until(() => done, limitMs);
    return watched;
  }

  targets(application: string, deployment: string): DeploymentTargets {
    return this.feed.get(targetsKey(application, deployment)) as DeploymentTargets;
  }

  routes(): RouteTableData["routes"] {
    return (this.feed.get(ROUTES_KEY) as RouteTableData).routes;
  }

  application(name: string) {
    return this.controller.status().applications[name];
  }
}

/** An application `name` of deployments by name; the last one is the ingress. */
export function app(
  name: string,
  version: string,
  deployments: Readonly<Record<string, DeploymentOptions>>,
  routePrefix: string | null = `/${name}`,
): VersionedApplication {
  const names = Object.keys(deployments);
  return {
    spec: {
      name,
      routePrefix,
      ingress: names.at(-1) ?? "",
      workingDir: "/",
      deployments: Object.entries(deployments).map(([deployment, input]) => ({
        name: deployment,
        registeredName: deployment,
        kind: "class",
        entry: { file: "/app.ts", exportName: "app", args: null },
        initArgs: new Uint8Array(),
        calls: [],
        input,
        file: null,
        options: resolveDeployment(input, "deployment"),
      })),
      ...IMPERATIVE,
    },
    codeVersions: Object.fromEntries(names.map((deployment) => [deployment, version])),
  };
}
