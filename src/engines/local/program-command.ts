// How one of our programs is started from another: the Node that runs now, the program's main file beside the running
// code (`src/<program>/main.ts` in development by type stripping, `dist/<program>/main.js` when packed), and the
// conditions of this process, so that all programs resolve `manta-serve` to the same files.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ServeError } from "../../core/errors.ts";

/** The programs that have a main file (architecture section 1); driver and CLI are started by users. */
export type MainProgram = "head" | "supervisor" | "builder" | "policy" | "proxy" | "replica";

/** An executable and its arguments; no shell is between. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** Condition under which `exports` of our package.json names `src/`. */
const SOURCE_CONDITION = "@manta-serve/source";

/**
 * Largest semi-space of programs that serve requests, MB. Node 24 lets it grow to 32, of which there are three: a busy
 * process held 100 MB of garbage, and bodies of 10 KB cost a tenth to a fifth more CPU, because what they leave behind
 * falls out of the cache before it is collected (measured). Only code that holds tens of MB for milliseconds wants more.
 */
const SEMI_SPACE_MB = 8;
const servesRequests: ReadonlySet<MainProgram> = new Set(["proxy", "replica"]);

/**
 * The command line of `program`, `args` last.
 * @param nodeOptions `NODE_OPTIONS` of its environment; what is said there about the semi-space goes
 * @throws {ServeError} ENGINE when the program's main file is not where the running code is
 */
export function programCommand(program: MainProgram, args: readonly string[], nodeOptions = ""): Command {
  const fromSource = import.meta.url.endsWith(".ts");
  const main = mainFile(program, fromSource ? "main.ts" : "main.js");
  const conditions = new Set(conditionsOf(process.execArgv));
  if (fromSource) conditions.add(SOURCE_CONDITION);
  const flags = ["--disable-warning=ExperimentalWarning", ...[...conditions].map((name) => `--conditions=${name}`)];
  const isTuned = /--max[-_]semi[-_]space[-_]size/.test(nodeOptions);
  if (servesRequests.has(program) && !isTuned) flags.push(`--max-semi-space-size=${SEMI_SPACE_MB}`);
  return { file: process.execPath, args: [...flags, main, ...args] };
}

/** Names given by `--conditions=x`, `--conditions x`, `-C x` in Node's own arguments. */
export function conditionsOf(execArgv: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (const [index, argument] of execArgv.entries()) {
    const [flag, value] = argument.split("=", 2);
    if (flag !== "--conditions" && flag !== "-C") continue;
    const name = value ?? execArgv[index + 1];
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** In `dist/` too this module's URL mirrors its source's place (scripts/lib/own-place.ts). */
function mainFile(program: MainProgram, base: string): string {
  const file = fileURLToPath(new URL(`../../${program}/${base}`, import.meta.url));
  if (existsSync(file)) return file;
  const message = `program ${program} not found: there is no ${file}; install manta-serve again`;
  throw new ServeError("ENGINE", message, { program }, { retryable: false });
}
