// M1: what counting costs: the same load with metrics and without.
import { type BenchCase, compare } from "../lib/bench.ts";

export const metrics: BenchCase = {
  id: "M1",
  async run(bench) {
    await using without = await bench.servers.manta("hello.ts", "shared", { MANTA_METRICS: "0" });
    await using withMetrics = await bench.servers.manta("hello.ts");
    const load = ({ url }: { url: string }) => ({ url, connections: 64, expected: "Hello, world!\n" });
    const found = await compare(bench, { without: load(without), "with metrics": load(withMetrics) });
    const rates = (results: typeof found.without): number[] => results.map(({ perSecond }) => perSecond);
    return [{ row: "metrics.rate", bare: rates(found.without), manta: rates(found["with metrics"]) }];
  },
};
