// The commands that look: `status`, `config`, `why`, `logs`.
import { Option } from "commander";
import type { AddressFlags, LogsFlags, StatusFlags, WhyFlags } from "./actions.ts";
import { define, type Definition } from "./define.ts";
import { addressFlag, jsonFlag, namespaceFlag } from "./flags.ts";

/** Lines of each file that `manta logs` shows when nobody says. */
const DEFAULT_LOG_LINES = "100";

/** Lines that `manta why` shows when nobody says. Chosen: with their header they fit a terminal of 24 lines. */
const DEFAULT_HISTORY_LINES = "20";

export function defineLooking(definition: Definition): void {
  defineStatus(definition);
  defineConfig(definition);
  defineWhy(definition);
  defineLogs(definition);
}

function defineStatus({ program, actions, ends }: Definition): void {
  define(
    program,
    "status",
    "Show applications, deployments and replicas: a table on a terminal, else YAML as Ray Serve's.",
    [
      new Option("-n, --name <name>", "Show this application only."),
      new Option("-w, --watch", "Go on showing it until q or Ctrl-C; not on a terminal: print a line for each change."),
      namespaceFlag(),
      addressFlag(),
      jsonFlag("Print what `serve.status()` answers."),
    ],
    ["manta status", "manta status --watch", "manta status --name shop", "manta status --json | jq .http.url"],
  ).action(ends((flags: StatusFlags) => actions.status(flags)));
}

function defineConfig({ program, actions, ends }: Definition): void {
  define(
    program,
    "config",
    "Print the config that was deployed, as it was sent: YAML, one document an application.",
    [
      new Option("-n, --name <name>", "Print this application's only."),
      namespaceFlag(),
      addressFlag(),
      jsonFlag("Print JSON: an object by application."),
    ],
    ["manta config", "manta config --name shop"],
  ).action(ends((flags: AddressFlags) => actions.config(flags)));
}

function defineWhy({ program, actions, ends }: Definition): void {
  define(
    program,
    "why",
    "Tell what happened to an application, a deployment or a replica, and why; the newest first.",
    [
      new Option("-n, --lines <count>", "How many of the newest lines.").default(DEFAULT_HISTORY_LINES),
      namespaceFlag(),
      jsonFlag("Print JSON: an array, the newest first."),
    ],
    ["manta why", "manta why shop", "manta why shop/Model -n 50", "manta why k3f9q2zz"],
  )
    .argument("[word]", "An application, a deployment (also `application/deployment`) or a replica's id. Default: all.")
    .action(ends((word: string | undefined, flags: WhyFlags) => actions.why(word, flags)));
}

function defineLogs({ program, actions, ends }: Definition): void {
  const word =
    "A process (`controller`, `proxy`), an application, a deployment, a replica's id, or `build`. Default: all.";
  define(
    program,
    "logs",
    "Print the logs of an instance, also of one that has ended.",
    [
      new Option("-n, --lines <count>", "How many of the last lines of each file.").default(DEFAULT_LOG_LINES),
      new Option("-f, --follow", "Go on printing what is written, until Ctrl-C."),
      namespaceFlag(),
    ],
    ["manta logs", "manta logs proxy --follow", "manta logs Classifier -n 20", "manta logs build"],
  )
    .argument("[word]", word)
    .action(ends((name: string | undefined, flags: LogsFlags) => actions.logs(name, flags)));
}
