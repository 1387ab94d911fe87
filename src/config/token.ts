// The instance's random token: a file that only its owner reads. Whoever needs it first makes it; all others read it.
// It never travels (architecture section 7).
//   R1  Two processes that make it at the same moment end up with the same one: a file appears whole, by link, once.
//   R2  It is on the disk before it appears: after a power cut a running system's token is not an empty file.
//   R3  An empty file is an error. Making another one in its place could not be done once (R1), and what runs has the old.
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isServeError, ServeError } from "../core/errors.ts";
import { makeFolder } from "./make-folder.ts";

/** 256 bits, as the HMAC's key. */
const TOKEN_BYTES = 32;

/**
 * The token, or undefined when nobody has made it.
 * @throws {ServeError} ENGINE with the path when the file is empty (R3)
 */
export function readToken(file: string): string | undefined {
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (token !== "") return token;
  const message = `the token file ${file} is empty: end what runs in this namespace, then delete the file; the next start makes another`;
  throw new ServeError("ENGINE", message, { path: file }, { retryable: false });
}

/**
 * The token; made, with its folder (mode 0700), when there is none.
 * @throws {ServeError} ENGINE when the folder cannot be used, or as `readToken`
 */
export function ensureToken(file: string): string {
  try {
    return readOrMake(file);
  } catch (cause) {
    if (isServeError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot use the folder ${dirname(file)}: ${why}; set MANTA_HOME to a folder of your own`;
    throw new ServeError("ENGINE", message, { path: file }, { cause, retryable: false });
  }
}

function readOrMake(file: string): string {
  const existing = readToken(file);
  if (existing !== undefined) return existing;
  makeFolder(dirname(file));
  // Loaded here and not above: it takes 5 ms, and the CLI starts the head before anything else.
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  const made = randomBytes(TOKEN_BYTES).toString("hex");
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, made, { mode: 0o600, flush: true }); // R2
  try {
    linkSync(draft, file); // R1
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readToken(file) ?? made;
}
