// The commands of `manta`: their words, arguments, flags and help. What a command does stands in a module of its own,
// which is loaded when it is the one that was asked for.
//   R1  Nothing that takes time is imported here: `manta run` starts the head before anything else.
//   R2  docs/reference/cli.md is written from these definitions.
import { Command, Option } from "commander";
import { applicationFlags, type FlagValues, jsonFlag, listenFlags, namespaceFlag, yesFlag } from "./flags.ts";

/** What each command does; the exit code. */
export interface Actions {
  run(target: string | undefined, args: readonly string[], flags: RunFlags): Promise<number>;
  start(flags: FlagValues): Promise<number>;
  status(flags: FlagValues): Promise<number>;
  delete(name: string, flags: FlagValues): Promise<number>;
  shutdown(flags: FlagValues): Promise<number>;
  logs(word: string | undefined, flags: LogsFlags): Promise<number>;
}

/** Flags of `manta run`. */
export interface RunFlags extends FlagValues {
  /** False: `--no-wait`. */
  readonly wait: boolean;
}

/** Flags of `manta logs`. */
export interface LogsFlags extends FlagValues {
  readonly lines: string;
  readonly follow?: true;
}

/** Width of help texts, columns; fixed, so that the reference page is the same everywhere. */
const HELP_WIDTH = 100;

/** Lines of each file that `manta logs` shows when nobody says. */
const DEFAULT_LOG_LINES = "100";

/** Turns an action into one for commander. */
type Ends = <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>;

/**
 * The command line as data. @param finish gets the exit code of the command that ran
 */
export function createProgram(actions: Actions, version: string, finish: (exitCode: number) => void): Command {
  const program = new Command("manta")
    .description("Serves TypeScript applications: starts them, says how they are, ends them.")
    .version(version, "-V, --version", "Print the version.")
    .helpOption("-h, --help", "Print this help.")
    .helpCommand(false)
    .configureHelp({ helpWidth: HELP_WIDTH, sortSubcommands: false })
    .showHelpAfterError("(add --help for the words, flags and examples)");
  const ends: Ends = (action) => {
    return async (...args) => finish(await action(...args));
  };
  defineRun(program, actions, ends);
  defineStart(program, actions, ends);
  defineStatus(program, actions, ends);
  defineEndings(program, actions, ends);
  defineLogs(program, actions, ends);
  return program;
}

function defineRun(program: Command, actions: Actions, ends: Ends): void {
  const target =
    "`path/to/file.ts:export`. Without `:export`: `app`, `default`, else the only application. Without a file: the nearest `app.ts`.";
  define(
    program,
    "run",
    "Run an application until Ctrl-C: join the running instance of the namespace, or start one.",
    [
      ...listenFlags(),
      ...applicationFlags(),
      namespaceFlag(),
      jsonFlag("Print one line of JSON with the url when the application is ready."),
      new Option("--no-wait", "Print the URL as soon as the application is accepted; requests wait until it runs."),
    ],
    [
      "manta run app.ts",
      "manta run src/app.ts:staging model=small --http-port 8080",
      "manta run app.ts --name shop --route-prefix /shop --json",
    ],
  )
    .argument("[target]", target)
    .argument("[args...]", "`key=value` arguments of an application builder.")
    .action(ends((file: string | undefined, args: string[], flags: RunFlags) => actions.run(file, args, flags)));
}

function defineStart(program: Command, actions: Actions, ends: Ends): void {
  define(
    program,
    "start",
    "Start an instance in the background and print its URL.",
    [...listenFlags(), namespaceFlag(), jsonFlag("Print one line of JSON with the url when the proxy listens.")],
    [
      "manta start",
      "manta start --http-host 0.0.0.0 --http-port 80",
      "manta start --namespace staging --http-port 0 --json",
    ],
  ).action(ends((flags: FlagValues) => actions.start(flags)));
}

function defineStatus(program: Command, actions: Actions, ends: Ends): void {
  define(
    program,
    "status",
    "Show applications, deployments and replicas: a table on a terminal, else YAML as Ray Serve's.",
    [
      new Option("-n, --name <name>", "Show this application only."),
      namespaceFlag(),
      jsonFlag("Print what `serve.status()` answers."),
    ],
    ["manta status", "manta status --name shop", "manta status --json | jq .http.url"],
  ).action(ends((flags: FlagValues) => actions.status(flags)));
}

/** `delete` and `shutdown`. */
function defineEndings(program: Command, actions: Actions, ends: Ends): void {
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
    "End the instance: all applications, proxies and the head.",
    [namespaceFlag(), yesFlag()],
    ["manta shutdown", "manta shutdown --namespace staging --yes"],
  ).action(ends((flags: FlagValues) => actions.shutdown(flags)));
}

function defineLogs(program: Command, actions: Actions, ends: Ends): void {
  const word = "A process (`controller`, `proxy`), an application, a deployment or a replica's id. Default: all.";
  define(
    program,
    "logs",
    "Print the logs of an instance, also of one that has ended.",
    [
      new Option("-n, --lines <count>", "How many of the last lines of each file.").default(DEFAULT_LOG_LINES),
      new Option("-f, --follow", "Go on printing what is written, until Ctrl-C."),
      namespaceFlag(),
    ],
    ["manta logs", "manta logs proxy --follow", "manta logs Classifier -n 20"],
  )
    .argument("[word]", word)
    .action(ends((name: string | undefined, flags: LogsFlags) => actions.logs(name, flags)));
}

function define(
  program: Command,
  name: string,
  description: string,
  options: readonly Option[],
  examples: readonly string[],
): Command {
  const command = program.command(name).description(description).helpOption("-h, --help", "Print this help.");
  for (const option of options) command.addOption(option);
  return command.addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}`);
}
