// `manta bench`: asks an application as fast as some connections can, and says how it answered.
//   R1  It fails when an answer did: a benchmark of errors measures nothing.
import { readFileSync } from "node:fs";
import { systemClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import type { BenchFlags } from "./actions.ts";
import { EXIT } from "./exit-codes.ts";
import { findHead } from "./head-client.ts";
import { generateLoad, type LoadPlan } from "./http-load.ts";
import { namespaceOf } from "./instance-flags.ts";
import { figuresOf, formatFigures, hasFailures } from "./load-report.ts";
import { noInstance } from "./no-instance.ts";
import { noSuchApplication } from "./no-such-application.ts";
import { onQuit } from "./screen.ts";
import { UsageError } from "./usage-error.ts";
import { urlOf } from "./url-of.ts";

/** Part of the time that goes before what counts: connections, compiled code. */
const WARM_UP = 0.1;

/** @throws {ServeError} no such application */
export async function bench(target: string | undefined, flags: BenchFlags): Promise<number> {
  const connections = numberOf("--connections", flags.connections, (value) => Number.isInteger(value));
  const durationMs = numberOf("--duration", flags.duration, Number.isFinite) * 1000;
  const body = bodyOf(flags.body);
  const request = { method: flags.method ?? (body === undefined ? "GET" : "POST"), headers: headersOf(flags.header) };
  const plan: LoadPlan = { url: await findUrl(target, flags), ...request, body, connections, durationMs };
  const stopping = new AbortController();
  const release = onQuit(() => stopping.abort());
  try {
    if (flags.json !== true) console.error(`${plan.method} ${plan.url.href} for ${flags.duration} s; Ctrl-C ends it`);
    await generateLoad({ ...plan, durationMs: durationMs * WARM_UP }, stopping.signal, systemClock);
    const figures = figuresOf(plan, await generateLoad(plan, stopping.signal, systemClock));
    console.log(flags.json === true ? JSON.stringify(figures) : formatFigures(figures));
    return hasFailures(figures) ? EXIT.failed : EXIT.ok; // R1
  } finally {
    release();
  }
}

async function findUrl(target: string | undefined, flags: BenchFlags): Promise<URL> {
  if (target !== undefined && /^https?:\/\//.test(target)) {
    if (!URL.canParse(target)) throw new UsageError(`${target}: not a url`);
    return new URL(target);
  }
  const namespace = namespaceOf(flags);
  const head = await findHead(namespace);
  if (head === undefined) throw new ServeError("APPLICATION_NOT_FOUND", noInstance(namespace));
  try {
    const status = await head.status();
    const names = Object.keys(status.applications);
    const name = target ?? (names.length === 1 ? names[0] : undefined);
    if (name === undefined) {
      const known = names.join(", ") || "none";
      throw new ServeError("APPLICATION_NOT_FOUND", `say which application; there are: ${known}`);
    }
    if (status.applications[name] === undefined) throw noSuchApplication(name, status);
    const url = urlOf(status, name);
    if (url === null) throw new ServeError("CONFIG_INVALID", `application ${name} has no route that HTTP reaches`);
    return new URL(url);
  } finally {
    head.close();
  }
}

function numberOf(flag: string, text: string, isValid: (value: number) => boolean): number {
  const value = Number(text);
  if (value > 0 && isValid(value)) return value;
  throw new UsageError(`${flag}: received ${text}, expected a number above 0`);
}

function headersOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf(":");
      if (at <= 0) throw new UsageError(`--header: received ${JSON.stringify(text)}, expected "name: value"`);
      return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    }),
  );
}

function bodyOf(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (!text.startsWith("@")) return Buffer.from(text);
  try {
    return readFileSync(text.slice(1));
  } catch (error) {
    throw new UsageError(`--body: ${error instanceof Error ? error.message : text}`);
  }
}
