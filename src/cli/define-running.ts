// The commands that start things: `run`, `start`, `deploy`.
import { Option } from "commander";
import type { DeployFlags, RunFlags } from "./actions.ts";
import { define, type Definition } from "./define.ts";
import {
  addressFlag,
  applicationFlags,
  type FlagValues,
  instanceFlags,
  jsonFlag,
  listenFlags,
  namespaceFlag,
} from "./flags.ts";

const TARGET = "`path/to/file.ts:export`; without `:export`: `app`, `default`, else the only application.";
const BUILDER_ARGUMENTS = "`key=value` arguments of an application builder; not for a config file.";

export function defineRunning(definition: Definition): void {
  defineRun(definition);
  defineStart(definition);
  defineDeploy(definition);
}

function defineRun({ program, actions, ends }: Definition): void {
  define(
    program,
    "run",
    "Run an application, or a config file, until Ctrl-C: join the running instance of the namespace, or start one.",
    [
      new Option("-r, --reload", "Deploy again when a file is saved that the application is made of."),
      ...listenFlags(),
      ...instanceFlags(),
      ...applicationFlags(),
      new Option("-d, --app-dir <folder>", "Folder that the import path starts from. Default: this folder."),
      ...surroundingsFlags(),
      namespaceFlag(),
      jsonFlag("Print one line of JSON with the url when the application is ready."),
      new Option("--no-wait", "Print the URL as soon as the application is accepted; requests wait until it runs."),
      unknownKeysFlag(),
    ],
    [
      "manta run app.ts",
      "manta run app.ts --reload",
      "manta run src/app.ts:staging model=small --http-port 8080",
      "manta run app.ts --name shop --route-prefix /shop --json",
      "manta run manta.yaml",
    ],
  )
    .argument(
      "[target]",
      `${TARGET} Or a config file (.yaml, .yml, .json). Without a target: the nearest \`manta.yaml\` or \`app.ts\`.`,
    )
    .argument("[args...]", BUILDER_ARGUMENTS)
    .action(ends((target: string | undefined, args: string[], flags: RunFlags) => actions.run(target, args, flags)));
}

function defineStart({ program, actions, ends }: Definition): void {
  define(
    program,
    "start",
    "Start an instance in the background and print its URL.",
    [
      ...listenFlags(),
      ...instanceFlags(),
      namespaceFlag(),
      jsonFlag("Print one line of JSON with the url when the proxy listens."),
    ],
    [
      "manta start",
      "manta start --http-host 0.0.0.0 --http-port 80",
      "manta start --namespace staging --http-port 0 --json",
    ],
  ).action(ends((flags: FlagValues) => actions.start(flags)));
}

function defineDeploy({ program, actions, ends }: Definition): void {
  define(
    program,
    "deploy",
    "Deploy a config file, or an import path, to the running instance, and wait until it runs. It is the whole of what is deployed so: applications of an earlier deploy that it does not name end. Starts an instance in the background where none runs.",
    [
      ...applicationFlags(),
      ...surroundingsFlags(),
      new Option("--no-wait", "End as soon as the applications are accepted, as Ray Serve's command does."),
      unknownKeysFlag(),
      namespaceFlag(),
      addressFlag(),
      jsonFlag("Print one line of JSON with the applications and where they answer."),
    ],
    [
      "manta deploy manta.yaml",
      "manta deploy manta.yaml --no-wait",
      "manta deploy ./app.ts:app model=small --name shop",
      "manta deploy manta.yaml --address http://10.0.0.4:8265",
    ],
  )
    .argument("<target>", `A config file (.yaml, .yml, .json), or an import path: ${TARGET}`)
    .argument("[args...]", BUILDER_ARGUMENTS)
    .action(ends((target: string, args: string[], flags: DeployFlags) => actions.deploy(target, args, flags)));
}

function surroundingsFlags(): Option[] {
  return [
    new Option("--working-dir <folder>", "Working directory of the replicas. Default: this folder."),
    new Option("--runtime-env <file>", "YAML or JSON file with a runtime environment: `env_vars`, `working_dir`."),
    new Option("--runtime-env-json <json>", "The same as JSON text."),
  ];
}

function unknownKeysFlag(): Option {
  return new Option("--allow-unknown-keys", "Warn of unknown keys of a config file instead of refusing it.");
}
