// The commands that end things, and those that need no running instance: `delete`, `shutdown`, `build`, `bench`.
import { Option } from "commander";
import type { AddressFlags, BenchFlags, BuildFlags } from "./actions.ts";
import { define, type Definition } from "./define.ts";
import { addressFlag, type FlagValues, jsonFlag, namespaceFlag, yesFlag } from "./flags.ts";

/** Connections and seconds of `manta bench` when nobody says. Chosen: a quick look that does not flood a laptop. */
const DEFAULT_CONNECTIONS = "10";
const DEFAULT_DURATION = "10";

export function defineEndings({ program, actions, ends }: Definition): void {
  define(
    program,
    "delete",
    "Delete an application; answers when its replicas are gone.",
    [namespaceFlag(), yesFlag()],
    ["manta delete default", "manta delete shop --yes"],
  )
    .argument("<name>", "Name of the application.")
    .action(ends((name: string, flags: FlagValues) => actions.delete(name, flags)));
  define(
    program,
    "shutdown",
    "End the instance: all applications, proxies and the head. With --address the applications and proxies only.",
    [namespaceFlag(), addressFlag(), yesFlag()],
    ["manta shutdown", "manta shutdown --namespace staging --yes"],
  ).action(ends((flags: AddressFlags) => actions.shutdown(flags)));
}

export function defineBuild({ program, actions, ends }: Definition): void {
  define(
    program,
    "build",
    "Write a config file for applications: every setting that `manta deploy` takes, to be edited.",
    [
      new Option("-d, --app-dir <folder>", "Folder that import paths start from.").default("."),
      new Option(
        "-o, --output-path <file>",
        "Write this file instead of printing. Import paths become relative to it.",
      ),
    ],
    ["manta build app.ts", "manta build ./text.ts:app ./image.ts:app -o manta.yaml"],
  )
    .argument("<import-paths...>", "`path/to/file.ts:export` of each application.")
    .action(ends((importPaths: string[], flags: BuildFlags) => actions.build(importPaths, flags)));
}

export function defineBench({ program, actions, ends }: Definition): void {
  define(
    program,
    "bench",
    "Measure an application: requests over kept-alive connections, each sending the next when it has the answer.",
    [
      new Option("-c, --connections <count>", "How many connections.").default(DEFAULT_CONNECTIONS),
      new Option("-d, --duration <seconds>", "How long, after a warm-up of a tenth of it.").default(DEFAULT_DURATION),
      new Option("-m, --method <method>", "HTTP method. Default: GET, with a body POST."),
      new Option("-H, --header <name: value>", "A header; may be given several times.")
        .default([], "none")
        .argParser((value: string, before: readonly string[]) => [...before, value]),
      new Option("-b, --body <text>", "Body of each request; `@file` takes a file's content."),
      namespaceFlag(),
      jsonFlag("Print one line of JSON."),
    ],
    [
      "manta bench",
      "manta bench shop -c 50 -d 30",
      'manta bench http://127.0.0.1:8000/classify -b @image.json -H "content-type: application/json"',
    ],
  )
    .argument("[target]", "A url, or an application of the running instance. Default: its only application.")
    .action(ends((target: string | undefined, flags: BenchFlags) => actions.bench(target, flags)));
}
