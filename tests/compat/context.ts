// What a part of `npm run test:compat` gets: the Python that has Ray.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface CompatContext {
  /** Absolute path of the interpreter of .venv-compat. */
  readonly python: string;
  /** Absolute path of Ray's `serve` command. */
  readonly serve: string;
  /** Write what Ray says instead of comparing it with what is checked in. */
  readonly update: boolean;
}

/** Standard output of a Python program; throws with what it wrote on standard error when it fails. */
export async function runPython({ python }: CompatContext, args: readonly string[]): Promise<string> {
  const env = { ...process.env, PYTHONWARNINGS: "ignore", PYTHONHASHSEED: "0" };
  const { stdout } = await promisify(execFile)(python, [...args], { env, maxBuffer: 1 << 28 });
  return stdout;
}
