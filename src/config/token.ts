// The instance's random token: a file that only its owner reads. Whoever needs it first makes it; all others read it.
// It never travels (architecture section 7).
//   R1  Two processes that make it at the same moment end up with the same one: a file appears whole, by link, once.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ServeError } from "../core/errors.ts";

/** 256 bits, as the HMAC's key. */
const TOKEN_BYTES = 32;

/** The token, or undefined when nobody has made it. */
export function readToken(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * The token; made, with its folder (mode 0700), when there is none.
 * @throws {ServeError} ENGINE when the folder cannot be used
 */
export function ensureToken(file: string): string {
  try {
    return readOrMake(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot use the folder ${dirname(file)}: ${why}; set MANTA_HOME to a folder of your own`;
    throw new ServeError("ENGINE", message, { path: file }, { cause, retryable: false });
  }
}

function readOrMake(file: string): string {
  const existing = readToken(file);
  if (existing !== undefined) return existing;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Loaded here and not above: it takes 5 ms, and the CLI starts the head before anything else.
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  const made = randomBytes(TOKEN_BYTES).toString("hex");
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, made, { mode: 0o600 });
  try {
    linkSync(draft, file); // R1
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readToken(file) ?? made;
}
