// B1: the digits model without batching, with fixed batches, and with batches that have a goal of 50 ms: how much it
// serves at most, and how long an answer takes at several fixed rates.
import { readFileSync } from "node:fs";
import path from "node:path";
import { percentile } from "../../scripts/lib/percentile.ts";
import { root } from "../../scripts/lib/root.ts";
import { type Bench, type BenchCase, compare } from "../lib/bench.ts";
import { type Answer, openLoop } from "../lib/open-loop.ts";

const RATES = [250, 500, 1000, 2000] as const;
/** The rate of the table; the others are shown while it runs. */
const SHOWN_RATE = 1000;
const INK = 16;

/** An image, and what the model takes it for. */
function sample(): { readonly body: string; readonly expected: string } {
  const file = path.join(root, "examples/05-digits/held-out.json");
  const { images, labels } = JSON.parse(readFileSync(file, "utf8")) as { images: number[][]; labels: number[] };
  return { body: JSON.stringify(images[0]?.map((pixel) => pixel / INK)), expected: `${labels[0]}\n` };
}

/** What a round showed: answers a second until the last one came, and percentiles of how long they took, milliseconds. */
interface Measured {
  readonly served: number;
  readonly p50: number;
  readonly p95: number;
}

function measured(answers: readonly Answer[], perSecond: number): Measured {
  const times = answers.map(({ tookMs }) => tookMs);
  const lastMs = Math.max(...times.map((tookMs, n) => (n * 1000) / perSecond + tookMs));
  return {
    served: (answers.length * 1000) / lastMs,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
  };
}

/** 95th percentiles at `SHOWN_RATE`, one for each round. */
async function latencies({ effort, say }: Bench, name: string, url: string, body: string): Promise<readonly number[]> {
  const shown: number[] = [];
  for (const perSecond of effort.rounds > 1 ? RATES : [SHOWN_RATE]) {
    const found: Measured[] = [];
    for (let round = 0; round < effort.rounds; round += 1) {
      const answers = await openLoop({ url, perSecond, seconds: effort.seconds, kinds: [{}], body });
      const bad = answers.filter(({ status }) => status !== 200).length;
      if (bad > 0) throw new Error(`${name} at ${perSecond}/s: ${bad} of ${answers.length} answers were not 200`);
      found.push(measured(answers, perSecond));
    }
    const all = (of: (one: Measured) => number): string => found.map((one) => of(one).toFixed(0)).join(", ");
    const times = `p50 ${all(({ p50 }) => p50)} ms   p95 ${all(({ p95 }) => p95)} ms`;
    say(
      `  ${name.padEnd(5)} ${String(perSecond).padStart(5)} req/s   served ${all(({ served }) => served)}   ${times}`,
    );
    if (perSecond === SHOWN_RATE) shown.push(...found.map(({ p95 }) => p95));
  }
  return shown;
}

export const batching: BenchCase = {
  id: "B1",
  async run(bench) {
    const { body, expected } = sample();
    await using none = await bench.servers.manta("digits.ts:none");
    await using fixed = await bench.servers.manta("digits.ts:fixed");
    await using goal = await bench.servers.manta("digits.ts:goal");
    const load = ({ url }: { url: string }) => ({ url, connections: 64, body, expected });
    const found = await compare(bench, { none: load(none), fixed: load(fixed), goal: load(goal) });
    const rates = (results: typeof found.none): number[] => results.map(({ perSecond }) => perSecond);
    const p95 = {
      none: await latencies(bench, "none", none.url, body),
      fixed: await latencies(bench, "fixed", fixed.url, body),
      goal: await latencies(bench, "goal", goal.url, body),
    };
    return [
      { row: "batch.fixed", bare: rates(found.none), manta: rates(found.fixed) },
      { row: "batch.goal", bare: rates(found.none), manta: rates(found.goal) },
      { row: "batch.fixedP95", bare: p95.none, manta: p95.fixed },
      { row: "batch.goalP95", bare: p95.none, manta: p95.goal },
    ];
  },
};
