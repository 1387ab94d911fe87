// T11: ten minutes at half load: whether memory grows and whether answers become slower.
//   R1  After a warm-up of one quarter the second quarter is compared with the last.
//   R2  The heap of a moment is the lowest figure of its slice, process by process: what is alive, not what waits for a
//       collection.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { percentile } from "../../scripts/lib/percentile.ts";
import { root } from "../../scripts/lib/root.ts";
import type { Bench, BenchCase } from "../lib/bench.ts";
import { openLoop } from "../lib/open-loop.ts";
import type { Server } from "../lib/servers.ts";

/** Slices of the run: a multiple of four (R1). */
const SLICES = { full: { count: 40, seconds: 15 }, quick: { count: 4, seconds: 1 } } as const;
/** Most requests a second: above it the load generator takes the processor that is measured. */
const MOST_PER_SECOND = 1000;
const KINDS = [{}, { "x-work": "language" }, {}, { "x-work": "stream" }] as const;
/** Clients a second that leave in the middle of a stream. */
const LEAVERS_PER_SECOND = 10;

interface Slice {
  readonly p99Ms: number;
  readonly heapMb: number;
  readonly residentMb: number;
}

/** Asks for a stream and goes away with its first event. */
function leave(url: string): void {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.once("data", () => socket.destroy());
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-Work: stream\r\n\r\n`);
}

/** Takes the figures that the probes wrote since the last time; the sum over all processes, megabytes (R2). */
function takeHeapMb(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const figures = readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number);
    writeFileSync(file, "");
    if (figures.length > 0) bytes += Math.min(...figures);
  }
  return bytes / 1e6;
}

async function run(server: Server, folder: string, perSecond: number, seconds: number): Promise<Slice> {
  const leavers = setInterval(() => leave(server.url), 1000 / LEAVERS_PER_SECOND);
  const answers = await openLoop({ url: server.url, perSecond, seconds, kinds: KINDS });
  clearInterval(leavers);
  const bad = answers.filter(({ status }) => status !== 200);
  if (bad.length > 0) throw new Error(`soak: ${bad.length} of ${answers.length} answers were ${bad[0]?.status}`);
  const times = answers.map(({ tookMs }) => tookMs);
  const residentMb = server.processes().reduce((sum, one) => sum + one.residentMb, 0);
  return { p99Ms: percentile(times, 0.99), heapMb: takeHeapMb(folder), residentMb };
}

async function soak({ effort, servers, tool, say }: Bench, folder: string): Promise<readonly Slice[]> {
  const probe = pathToFileURL(path.join(root, "bench/apps/heap-probe.mjs")).href;
  const given = { NODE_OPTIONS: `--import ${probe}`, MANTA_BENCH_HEAP: folder };
  await using manta = await servers.manta("soak.ts", "shared", given);
  const { perSecond: peak } = await tool.run({ url: manta.url, connections: 64, expected: "6\n" }, effort.seconds);
  const perSecond = Math.min(MOST_PER_SECOND, peak / 2);
  const { count, seconds } = effort.rounds > 1 ? SLICES.full : SLICES.quick;
  say(
    `  ${perSecond.toFixed(0)} req/s, half of ${peak.toFixed(0)}, for ${((count * seconds) / 60).toFixed(1)} minutes`,
  );
  const slices: Slice[] = [];
  while (slices.length < count) {
    const one = await run(manta, folder, perSecond, seconds);
    slices.push(one);
    const minutes = ((slices.length * seconds) / 60).toFixed(1).padStart(5);
    say(
      `  ${minutes} min   p99 ${one.p99Ms.toFixed(1)} ms   heap ${one.heapMb.toFixed(1)} MB   resident ${one.residentMb.toFixed(0)} MB`,
    );
  }
  return slices;
}

export const soaking: BenchCase = {
  id: "T11",
  async run(bench) {
    const folder = mkdtempSync(path.join(tmpdir(), "manta-soak-"));
    try {
      const slices = await soak(bench, folder);
      const quarter = slices.length / 4;
      const early = slices.slice(quarter, 2 * quarter);
      const late = slices.slice(-quarter);
      const of = (figure: keyof Slice) => ({
        bare: early.map((slice) => slice[figure]),
        manta: late.map((slice) => slice[figure]),
      });
      return [
        { row: "soak.heap", ...of("heapMb") },
        { row: "soak.resident", ...of("residentMb") },
        { row: "soak.p99", ...of("p99Ms") },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
