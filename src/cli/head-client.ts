// What the CLI asks of a head. One interface, so that commands do not know what carries it.
import { systemClock } from "../core/clock.ts";
import { createLogger } from "../core/logger.ts";
import { systemRandom } from "../core/random.ts";
import type { HistoryEntry, HistoryFilter } from "../model/history.ts";
import type { InstanceStatus } from "../model/status.ts";
import type { HeadMethods, InstanceInfo } from "../protocol/control.ts";
import { type Asker, findInstance, type Instance } from "../serve/instance.ts";

/** A head, as the commands see it. Everything rejects with the head's `ServeError`. */
export interface HeadClient {
  readonly namespace: string;
  /** Folder of the instance's log files. */
  readonly logsDir: string;
  info(): Promise<InstanceInfo>;
  /** Resolves once a proxy listens. */
  ready(): Promise<void>;
  status(): Promise<InstanceStatus>;
  /** What was done and why, oldest first. */
  history(filter: HistoryFilter): Promise<readonly HistoryEntry[]>;
  run(order: HeadMethods["run"]["in"]): Promise<HeadMethods["run"]["out"]>;
  deployConfig(order: HeadMethods["deployConfig"]["in"]): Promise<HeadMethods["deployConfig"]["out"]>;
  /** Resolves when the application's replicas are gone. */
  delete(name: string): Promise<void>;
  /** Resolves when the head is gone. */
  shutdown(): Promise<void>;
  close(): void;
}

/** The CLI towards the room that finds and starts instances. Warnings go to standard error, one line each. */
export const cliAsker: Asker = {
  role: "cli",
  onLink: () => undefined,
  logger: createLogger(({ event, fields }) => {
    console.error(`manta: ${event} ${Object.values(fields).join(" ")}`.trimEnd());
  }),
  clock: systemClock,
  random: systemRandom,
};

/** A client of an instance that this process found or started. */
export function clientOf({ head, namespace, paths }: Instance): HeadClient {
  return {
    namespace,
    logsDir: paths.logs,
    info: () => head.request("info", null),
    ready: async () => void (await head.request("ready", null)),
    status: () => head.request("status", null),
    history: (filter) => head.request("history", filter),
    run: (order) => head.request("run", order),
    deployConfig: (order) => head.request("deployConfig", order),
    delete: (name) => head.deleteApplication(name),
    shutdown: () => head.shutdown(),
    close: () => head.close("the command is done"),
  };
}

/** A client of the running instance; undefined when none runs. */
export async function findHead(namespace: string | undefined): Promise<HeadClient | undefined> {
  const instance = await findInstance(namespace, cliAsker);
  return instance === undefined ? undefined : clientOf(instance);
}
