// T1 and T2: the smallest answer, with 64 connections and with one.
import { type BenchCase, compare } from "../lib/bench.ts";

const expected = "Hello, world!\n";

export const helloAtLoad: BenchCase = {
  id: "T1",
  async run(bench) {
    await using bare = await bench.servers.bare();
    await using manta = await bench.servers.manta("hello.ts");
    await using defaultLimit = await bench.servers.manta("hello.ts:defaultLimit");
    const load = ({ url }: { url: string }) => ({ url, connections: 64, expected });
    const found = await compare(bench, { bare: load(bare), Manta: load(manta), "Manta, limit 5": load(defaultLimit) });
    const bareRate = found.bare.map(({ perSecond }) => perSecond);
    return [
      { row: "hello.rate", bare: bareRate, manta: found.Manta.map(({ perSecond }) => perSecond) },
      { row: "hello.p99", bare: found.bare.map(({ p99Ms }) => p99Ms), manta: found.Manta.map(({ p99Ms }) => p99Ms) },
      { row: "hello.defaultLimit", bare: bareRate, manta: found["Manta, limit 5"].map(({ perSecond }) => perSecond) },
    ];
  },
};

export const helloAlone: BenchCase = {
  id: "T2",
  async run(bench) {
    await using bare = await bench.servers.bare();
    await using manta = await bench.servers.manta("hello.ts");
    const load = ({ url }: { url: string }) => ({ url, connections: 1, expected });
    const found = await compare(bench, { bare: load(bare), Manta: load(manta) });
    return [
      { row: "hello.p50", bare: found.bare.map(({ p50Ms }) => p50Ms), manta: found.Manta.map(({ p50Ms }) => p50Ms) },
    ];
  },
};
