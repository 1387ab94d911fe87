// T7: from the command to the first 200. The first run finds no compiled code, the later ones find what it left.
import { performance } from "node:perf_hooks";
import { type BenchCase, interleave } from "../lib/bench.ts";
import { checkAnswer } from "../lib/load.ts";
import type { Server } from "../lib/servers.ts";

async function startMs(start: () => Promise<Server>): Promise<number> {
  await using server = await start();
  await checkAnswer({ url: server.url, expected: "Hello, world!\n" });
  return performance.now() - server.startedMs;
}

export const start: BenchCase = {
  id: "T7",
  async run({ effort, servers, say }) {
    const first: number[] = [];
    for (let round = 0; round < effort.rounds; round += 1) {
      first.push(await startMs(() => servers.manta("hello.ts", `round-${round}`)));
    }
    const second = await interleave(effort.rounds, {
      bare: () => startMs(() => servers.bare()),
      manta: (round) => startMs(() => servers.manta("hello.ts", `round-${round}`)),
    });
    say(`  first ${first.map(Math.round).join(", ")} ms   second ${second.manta.map(Math.round).join(", ")} ms`);
    return [
      { row: "start.second", ...second },
      { row: "start.first", bare: second.bare, manta: first },
    ];
  },
};
