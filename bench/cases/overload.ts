// T9: more than can be served, at a fixed rate, in three priorities: what is still served, how long each priority takes,
// how soon the others are told.
import { percentile } from "../../scripts/lib/percentile.ts";
import { type Bench, type BenchCase } from "../lib/bench.ts";
import { type Answer, openLoop } from "../lib/open-loop.ts";

/** Clients that find what can be served: more than run at a time, fewer than run and wait. */
const PEAK_CLIENTS = 32;
const PRIORITIES = ["high", "normal", "low"] as const;
const REFUSED = 503;

interface Found {
  readonly goodput: number;
  /** 99th percentile of the answered ones, for each priority. */
  readonly p99Ms: readonly number[];
  readonly refusalP50Ms: number;
}

function look(answers: readonly Answer[], seconds: number): Found {
  const other = answers.filter(({ status }) => status !== 200 && status !== REFUSED);
  if (other.length > 0)
    throw new Error(`overload: ${other.length} answers were neither 200 nor 503 (${other[0]?.status})`);
  const good = answers.filter(({ status }) => status === 200);
  const times = (of: readonly Answer[]): number[] => of.map(({ tookMs }) => tookMs);
  return {
    goodput: good.length / seconds,
    p99Ms: PRIORITIES.map((_, kind) => percentile(times(good.filter((answer) => answer.kind === kind)), 0.99)),
    refusalP50Ms: percentile(times(answers.filter(({ status }) => status === REFUSED)), 0.5),
  };
}

async function load({ effort, say }: Bench, url: string, peak: number, factor: number): Promise<readonly Found[]> {
  const kinds = PRIORITIES.map((priority) => ({ "x-priority": priority }));
  const found: Found[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    const crowd = { url, perSecond: peak * factor, seconds: effort.seconds, kinds };
    const answers = await openLoop(crowd);
    const one = look(answers, effort.seconds);
    const served = PRIORITIES.map((priority, kind) => {
      const all = answers.filter((answer) => answer.kind === kind);
      const share = all.filter(({ status }) => status === 200).length / all.length;
      return `${priority} ${(share * 100).toFixed(1)} % in ${one.p99Ms[kind]?.toFixed(0)} ms`;
    });
    say(
      `  ${factor}x  ${one.goodput.toFixed(0)} good/s   ${served.join("   ")}   refused after ${one.refusalP50Ms.toFixed(2)} ms`,
    );
    found.push(one);
  }
  return found;
}

export const overload: BenchCase = {
  id: "T9",
  async run(bench) {
    await using manta = await bench.servers.manta("overload.ts");
    const { tool, effort } = bench;
    const closed = { url: manta.url, connections: PEAK_CLIENTS, expected: "done\n" };
    if (effort.warmUpSeconds > 0) await tool.run(closed, effort.warmUpSeconds);
    const { perSecond: peak } = await tool.run(closed, effort.seconds);
    bench.say(`  peak  ${peak.toFixed(0)} good/s of ${PEAK_CLIENTS} clients that wait for their answers`);
    const atPeak = await load(bench, manta.url, peak, 1);
    const twice = await load(bench, manta.url, peak, 2);
    const thrice = await load(bench, manta.url, peak, 3);
    const goodput = (found: readonly Found[]): number[] => found.map((one) => one.goodput);
    const p99 = (kind: number): number[] => thrice.map(({ p99Ms }) => p99Ms[kind] ?? Number.NaN);
    return [
      { row: "overload.once", bare: [peak], manta: goodput(atPeak) },
      { row: "overload.twice", bare: [peak], manta: goodput(twice) },
      { row: "overload.thrice", bare: [peak], manta: goodput(thrice) },
      { row: "overload.high", manta: p99(0) },
      { row: "overload.refusal", manta: thrice.map(({ refusalP50Ms }) => refusalP50Ms) },
    ];
  },
};
