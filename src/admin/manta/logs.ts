// `GET /api/manta/v1/logs`: which log files there are, and the end of one of them.
//   R1  A file is served when the instance's log folder lists that very name as a plain file: a path, a link or a folder
//       never is.
//   R2  What is read of a file is bounded, however large it is.
import type { Dirent } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, ServeError } from "../../core/errors.ts";
import type { AdminParts } from "../admin-parts.ts";
import { type AdminRequest, json, type Reply, text } from "../exchange.ts";
import type { Route } from "../match-route.ts";
import { checkQuery, countIn } from "./check-query.ts";

/** Lines that are shown unless the query says otherwise, and most that it may ask for. Chosen. */
const LINES = { fallback: 100, most: 10_000 };

/** Most that is read of a file, bytes (R2). Chosen: 10,000 lines of usual length. */
const TAIL_BYTES = 1 << 20;

/** In front of file names where the status names them. */
const STATUS_PREFIX = "/serve/";

export function logsRoute({ info }: AdminParts): Route {
  return { method: "GET", path: "/api/manta/v1/logs", answer: (request) => answer(info.logsDir, request) };
}

async function answer(folder: string, { query }: AdminRequest): Promise<Reply> {
  checkQuery(query, ["file", "replica", "stream", "lines"]);
  const names = (await readdir(folder, { withFileTypes: true })).filter(isPlainFile).map(({ name }) => name);
  if (!query.has("file") && !query.has("replica")) return listFiles(folder, names.sort());
  const lines = countIn(query, "lines", LINES.fallback, LINES.most);
  const wanted = wantedName(query);
  const name = names.find(wanted.matches);
  if (name === undefined) {
    const message = `there is no log file ${wanted.what}; without a query /api/manta/v1/logs lists those that there are`;
    throw new ServeError("ROUTE_NOT_FOUND", message, { file: wanted.what });
  }
  return text(200, await readTail(join(folder, name), lines));
}

function isPlainFile(entry: Dirent): boolean {
  return entry.isFile();
}

async function listFiles(folder: string, names: readonly string[]): Promise<Reply> {
  const files = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name)).catch(() => undefined); // it may be gone by now
      return found === undefined ? [] : [{ name, size_bytes: found.size, modified_time_s: found.mtimeMs / 1000 }];
    }),
  );
  return json(200, { files: files.flat() });
}

/** Which name the query asks for (R1): compared with those of the folder, never put into a path. */
function wantedName(query: URLSearchParams): { readonly what: string; readonly matches: (name: string) => boolean } {
  const [file, replica] = [query.get("file"), query.get("replica")];
  const stream = query.get("stream") ?? "log";
  if (file !== null && replica !== null) {
    throw new ConfigError({ path: "query", received: "file and replica", expected: "one of them" });
  }
  if (stream !== "log" && stream !== "out") {
    throw new ConfigError({ path: "query.stream", received: JSON.stringify(stream), expected: "log or out" });
  }
  if (file !== null) {
    const what = file.startsWith(STATUS_PREFIX) ? file.slice(STATUS_PREFIX.length) : file;
    return { what, matches: (name) => name === what };
  }
  const end = `_${replica}.${stream}`;
  return { what: `of replica ${replica}`, matches: (name) => name.startsWith("replica_") && name.endsWith(end) };
}

/** The last lines of a file; a line that is cut at its begin is left out. */
export async function readTail(path: string, lines: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const whole = from === 0 ? 0 : buffer.indexOf(0x0a) + 1;
    const ended = buffer.toString("utf8", whole, bytesRead).replace(/\n$/, "");
    const last = ended.split("\n").slice(-lines).join("\n");
    return last === "" ? "" : `${last}\n`;
  } finally {
    await file.close();
  }
}
