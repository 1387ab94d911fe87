// T8: resident memory, summed over all processes, after a few answers and a rest. What two further replicas add is
// halved; both sums come from the same round.
import { setTimeout as sleep } from "node:timers/promises";
import { type BenchCase, interleave } from "../lib/bench.ts";
import { checkAnswer } from "../lib/load.ts";
import type { Server } from "../lib/servers.ts";

const ANSWERS = 20;
const REST_MS = 2000;

async function memoryMb(start: () => Promise<Server>, say: (line: string) => void): Promise<number> {
  await using server = await start();
  for (let n = 0; n < ANSWERS; n += 1) await checkAnswer({ url: server.url, expected: "Hello, world!\n" });
  await sleep(REST_MS);
  const processes = server.processes();
  const sum = processes.reduce((total, { residentMb }) => total + residentMb, 0);
  say(`  ${processes.length} processes  ${processes.map(({ residentMb }) => Math.round(residentMb)).join(" + ")} MB`);
  return sum;
}

export const memory: BenchCase = {
  id: "T8",
  async run({ effort, servers, say }) {
    const { bare, one, three } = await interleave(effort.rounds, {
      bare: () => memoryMb(() => servers.bare(), say),
      one: () => memoryMb(() => servers.manta("hello.ts"), say),
      three: () => memoryMb(() => servers.manta("hello.ts:threeReplicas"), say),
    });
    return [
      { row: "memory.rest", bare, manta: one },
      { row: "memory.replica", bare, manta: three.map((sum, round) => (sum - (one[round] ?? Number.NaN)) / 2) },
    ];
  },
};
