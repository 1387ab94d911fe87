// Puts load on a URL and vouches for the answers.
//   R1  A run with one bad answer is no result: an error status, a socket error, a time-out, a wrong body.
//   R2  Bodies: one answer is compared before and one after each run, and the bytes read must suffice for all of them.
//       With `checkEvery` each one is compared; that costs the load generator time, so it is for slow, large answers.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type LoadResult, parseAutocannon, parseWrk } from "./load-reports.ts";

/** What is asked for, again and again. */
export interface Load {
  readonly url: string;
  readonly connections: number;
  /** With a body it is a POST of JSON, else a GET. */
  readonly body?: string;
  /** The body of every answer. */
  readonly expected: string;
  readonly checkEvery?: boolean;
}

/** A load generator that is installed. */
export interface LoadTool {
  readonly name: string;
  /** Loads for `seconds`, checks answers (R1, R2). @throws {Error} one of them is bad */
  run(load: Load, seconds: number): Promise<LoadResult>;
}

/** `wrk` when it is installed, else autocannon. */
export function findLoadTool(): LoadTool {
  return hasWrk() ? loadTool("wrk -t1", runWrk) : loadTool("autocannon", runAutocannon);
}

type Runner = (load: Load, seconds: number, bodyFile: string, expectedFile: string) => Promise<LoadResult>;

/** A load generator with the checks around it. */
export function loadTool(name: string, runner: Runner): LoadTool {
  return {
    name,
    async run(load, seconds) {
      const folder = mkdtempSync(path.join(tmpdir(), "manta-load-"));
      try {
        const bodyFile = path.join(folder, "body");
        const expectedFile = path.join(folder, "expected");
        writeFileSync(bodyFile, load.body ?? "");
        writeFileSync(expectedFile, load.expected);
        await checkAnswer(load);
        const result = await runner(load, seconds, bodyFile, expectedFile);
        await checkAnswer(load);
        checkResult(load, result);
        return result;
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

function hasWrk(): boolean {
  try {
    execFileSync("wrk", ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT"; // its --version exits with 1
  }
}

async function runWrk(load: Load, seconds: number, bodyFile: string, expectedFile: string): Promise<LoadResult> {
  const script = fileURLToPath(new URL("wrk.lua", import.meta.url));
  const isPost = load.body !== undefined;
  const words = [isPost ? "POST" : "GET", isPost ? bodyFile : "-", load.checkEvery === true ? expectedFile : "-"];
  const options = ["-t1", `-c${load.connections}`, `-d${Math.ceil(seconds)}s`, "-s", script];
  return parseWrk(await output("wrk", [...options, load.url, "--", ...words]));
}

async function runAutocannon(load: Load, seconds: number, bodyFile: string): Promise<LoadResult> {
  const program = fileURLToPath(import.meta.resolve("autocannon"));
  const post = load.body === undefined ? [] : ["-m", "POST", "-H", "content-type=application/json", "-i", bodyFile];
  const check = load.checkEvery === true ? ["-E", load.expected] : [];
  const options = ["-c", String(load.connections), "-d", String(Math.ceil(seconds)), ...post, ...check, "--json"];
  return parseAutocannon(await output(process.execPath, [program, ...options, load.url]), load.connections);
}

async function output(file: string, args: readonly string[]): Promise<string> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  const texts = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (texts[0] += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (texts[1] += text));
  const code = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  if (code !== 0) throw new Error(`${file} exited with ${String(code)}:\n${texts.join("")}`);
  return texts[0] ?? "";
}

function checkResult(load: Load, { answers, bytes, faults }: LoadResult): void {
  const least = answers * Buffer.byteLength(load.expected);
  const problems = [...faults];
  if (answers === 0) problems.push("no answer at all");
  if (bytes < least) problems.push(`${bytes} bytes for ${answers} answers, whose bodies alone have ${least}`);
  if (problems.length > 0) throw new Error(`${load.url}: ${problems.join(", ")}`); // R1
}

/** Asks once. @throws {Error} the status is not 200, or the body is not the expected one */
export async function checkAnswer(load: Pick<Load, "url" | "body" | "expected">): Promise<void> {
  const { status, text } = await ask(load.url, load.body);
  if (status === 200 && text === load.expected) return;
  throw new Error(`${load.url} answered ${status} ${quote(text)}, expected 200 ${quote(load.expected)}`);
}

/** One request on a connection of its own: a POST of JSON when there is a body. */
export async function ask(url: string, body?: string): Promise<{ readonly status: number; readonly text: string }> {
  const post = { method: "POST", headers: { "content-type": "application/json" } };
  const request = httpRequest(url, { agent: false, ...(body === undefined ? {} : post) }).end(body);
  return new Promise((resolve, reject) => {
    request.once("error", reject).once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text })).once("error", reject);
    });
  });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
