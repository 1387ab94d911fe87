// T5: handle calls from one replica to another. The caller is an ingress deployment that calls in a loop and answers
// with its figures, so no HTTP is in them.
import { type Bench, type BenchCase, interleave } from "../lib/bench.ts";
import { ask } from "../lib/load.ts";

interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
}

async function callLoop(url: string, connections: number, seconds: number): Promise<Figures> {
  const { status, text } = await ask(`${url}?connections=${connections}&seconds=${seconds}`);
  if (status !== 200) throw new Error(`the loop of calls answered ${status}: ${text}`);
  const figures = JSON.parse(text) as Figures;
  if (!(figures.perSecond > 0 && figures.p50Ms > 0)) throw new Error(`the loop of calls answered ${text}`);
  return figures;
}

async function measure({ effort, say }: Bench, url: string, connections: number): Promise<readonly Figures[]> {
  if (effort.warmUpSeconds > 0) await callLoop(url, connections, effort.warmUpSeconds);
  const { manta } = await interleave(effort.rounds, { manta: () => callLoop(url, connections, effort.seconds) });
  for (const { perSecond, p50Ms } of manta) {
    say(`  c=${connections}  ${Math.round(perSecond).toLocaleString("en")} calls/s   p50 ${p50Ms.toFixed(3)} ms`);
  }
  return manta;
}

export const calls: BenchCase = {
  id: "T5",
  async run(bench) {
    await using manta = await bench.servers.manta("calls.ts");
    const alone = await measure(bench, manta.url, 1);
    const atLoad = await measure(bench, manta.url, 64);
    return [
      { row: "calls.p50", manta: alone.map(({ p50Ms }) => p50Ms) },
      { row: "calls.rate", manta: atLoad.map(({ perSecond }) => perSecond) },
    ];
  },
};
