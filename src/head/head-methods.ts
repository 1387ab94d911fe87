// Answers what drivers, the CLI, proxies and replicas ask the head (HeadMethods of protocol/control.ts). It decides
// nothing: each word goes to the controller, the builders or the feed.
//   R1  A process of the instance may only look and subscribe; deploying and ending are for drivers and the CLI.
//   R2  What was built for somebody who has left meanwhile is not deployed: nobody would end it.
import { applicationPrefix } from "../config/application-config.ts";
import type { ChangeFeed } from "../controller/change-feed.ts";
import type { ControllerCommands } from "../controller/commands.ts";
import { ServeError } from "../core/errors.ts";
import type { ApplicationSpec } from "../model/application-spec.ts";
import type { HeadMethods, InstanceInfo, Role } from "../protocol/control.ts";
import type { Builders } from "./builders.ts";
import type { CodeVersions } from "./code-version.ts";
import type { ConfigDeployer } from "./config-deployer.ts";
import type { OutputRelay } from "./output-relay.ts";
import { inFolders } from "./working-dirs.ts";

export interface HeadParts {
  readonly commands: ControllerCommands;
  readonly feed: ChangeFeed;
  readonly builders: Builders;
  readonly deployer: ConfigDeployer;
  readonly versions: CodeVersions;
  readonly output: OutputRelay;
  /** Resolves once a proxy listens, or none is to. @throws {ServeError} ENGINE why it cannot */
  readonly whenListening: () => Promise<unknown>;
  readonly info: InstanceInfo;
  /** Drains and ends everything; resolves when no process is left. The head itself ends after that. */
  readonly shutdown: () => Promise<void>;
  /** Resolves when somebody starts this head again should it die. */
  readonly supervise: () => Promise<void>;
}

type Handlers = {
  readonly [K in keyof HeadMethods]: (body: HeadMethods[K]["in"], from: string) => Answer<HeadMethods[K]["out"]>;
};
type Answer<T> = T | Promise<T>;

/** R1. */
const FOR_PROCESSES: ReadonlySet<string> = new Set<keyof HeadMethods>([
  "info",
  "status",
  "locate",
  "subscribe",
  "unsubscribe",
]);

export class HeadRequests {
  readonly #handlers: Handlers;

  constructor(parts: HeadParts) {
    this.#handlers = handlersOf(parts);
  }

  /** @param from the asker's id, which is its id in the change feed */
  answer(role: Role, from: string, method: string, body: unknown): unknown {
    const asksToAct = role === "driver" || role === "cli";
    if (!Object.hasOwn(this.#handlers, method)) throw new ServeError("PROTOCOL", `the head does not know ${method}`);
    if (!asksToAct && !FOR_PROCESSES.has(method))
      throw new ServeError("PROTOCOL", `a ${role} may not ask for ${method}`);
    // The body's shape is the peer's word: both ends are of one version.
    const handler = this.#handlers[method as keyof HeadMethods] as (body: unknown, from: string) => unknown;
    return handler(body, from);
  }
}

type Deploying = Pick<Handlers, "deploy" | "run" | "build" | "deployConfig">;

function handlersOf(parts: HeadParts): Handlers {
  const { commands, feed, output, whenListening, info, shutdown, supervise } = parts;
  return {
    ...deployHandlers(parts),
    info: () => info,
    ready: () => whenListening().then(() => null),
    status: () => commands.status(),
    history: (filter) => commands.history(filter),
    config: () => commands.config(),
    delete: ({ name, orderId }) => commands.delete(name, orderId).then(() => null),
    shutdown: () => shutdown().then(() => null),
    supervise: () => supervise().then(() => null),
    locate: ({ application, deployment }) => commands.locate(application, deployment),
    followOutput: ({ positions }, from) => ({ positions: output.follow(from, positions) }),
    subscribe: ({ keys }, from) => {
      feed.subscribe(from, keys);
      return null;
    },
    unsubscribe: ({ keys }, from) => {
      feed.unsubscribe(from, keys);
      return null;
    },
  };
}

function deployHandlers({ commands, feed, builders, deployer, versions, whenListening }: HeadParts): Deploying {
  const deployed = async (names: readonly string[], wait: boolean, from: string): Promise<null> => {
    if (!wait) return null;
    const { applications } = commands.status();
    const exposed = names.some((name) => (applications[name]?.routePrefix ?? null) !== null);
    await Promise.all([commands.whenDeployed(names, from), exposed ? whenListening() : undefined]);
    return null;
  };
  const deploy = (applications: readonly ApplicationSpec[], orderId: string | undefined): string[] => {
    const names = applications.map(({ name }) => name);
    commands.order(orderId, names, () =>
      commands.deploy(applications.map((spec) => versions.stamp(inFolders(spec, spec.workingDir)))),
    );
    return names;
  };
  return {
    deploy: async ({ applications, wait, orderId }, from) => {
      await commands.whenOpen();
      return deployed(deploy(applications, orderId), wait, from);
    },
    run: async ({ wait, orderId, ...order }, from) => {
      const accepted = orderId === undefined ? undefined : commands.acceptedOrder(orderId);
      if (accepted !== undefined) {
        await deployed(accepted, wait, from);
        const { applications } = commands.status();
        return { applications: accepted.map((name) => ({ name, ingress: applications[name]?.ingress ?? "" })) };
      }
      const { applications } = await builders.build(order);
      await commands.whenOpen();
      if (!feed.isConnected(from)) throw new ServeError("REQUEST_CANCELLED", `${from} left before it was deployed`); // R2
      await deployed(deploy(applications, orderId), wait, from);
      return { applications: applications.map(({ name, ingress }) => ({ name, ingress })) };
    },
    build: (order) => builders.build(order),
    deployConfig: async ({ wait, ...sent }, from) => {
      const { config, applications, warnings } = await deployer.deploy(sent);
      if (!wait) return { warnings };
      const exposed = config.applications.some((application) => applicationPrefix(application) !== null);
      await Promise.all([deployer.whenDeployed(applications, from), exposed ? whenListening() : undefined]);
      return { warnings };
    },
  };
}
