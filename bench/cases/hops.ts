// T6: what one more call costs, side by side and one inside the other: the median time of a request with ten calls less
// that of a request with one, divided by nine.
import { type BenchCase, compare } from "../lib/bench.ts";

const CALLS = 10;

export const hops: BenchCase = {
  id: "T6",
  async run(bench) {
    await using manta = await bench.servers.manta("hops.ts");
    const load = (path: string, calls: number) => ({
      url: `${manta.url}${path}?calls=${calls}`,
      connections: 1,
      expected: String(calls),
    });
    const added = async (path: string) => {
      const found = await compare(bench, { [`${path} of 1`]: load(path, 1), [`${path} of 10`]: load(path, CALLS) });
      const [one = [], ten = []] = Object.values(found);
      return ten.map(({ p50Ms }, round) => (p50Ms - (one[round]?.p50Ms ?? Number.NaN)) / (CALLS - 1));
    };
    return [
      { row: "hops.fan", manta: await added("fan") },
      { row: "hops.chain", manta: await added("chain") },
    ];
  },
};
