// T3: a body of 10 KB through two deployments and back. The row with the target moves bytes on both sides: the bare
// server reads the body and answers with it. The other row has both sides parse the body and write it as JSON again.
import { type BenchCase, compare } from "../lib/bench.ts";

const BODY_BYTES = 10_000;

/** A JSON document of `bytes` bytes: rows of a few fields, as an API has them. */
export function jsonDocument(bytes: number): string {
  const rows: object[] = [];
  const text = (): string => JSON.stringify({ rows, padding: "" });
  while (text().length < bytes - 100)
    rows.push({ id: rows.length, name: `item ${rows.length}`, price: 0.5, tags: ["a", "b"] });
  return JSON.stringify({ rows, padding: "x".repeat(bytes - text().length) });
}

export const echo: BenchCase = {
  id: "T3",
  async run(bench) {
    await using bare = await bench.servers.bare();
    await using manta = await bench.servers.manta("echo.ts");
    const body = jsonDocument(BODY_BYTES);
    const loads = (path: string) => {
      const load = ({ url }: { url: string }) => ({ url: `${url}${path}`, connections: 64, body, expected: body });
      return { bare: load(bare), Manta: load(manta) };
    };
    const bytes = await compare(bench, loads("bytes"));
    bench.say("  the same as JSON");
    const json = await compare(bench, loads("json"));
    const rates = ({ bare: bareSide, Manta }: typeof bytes) => ({
      bare: bareSide.map(({ perSecond }) => perSecond),
      manta: Manta.map(({ perSecond }) => perSecond),
    });
    return [
      { row: "echo.bytes", ...rates(bytes) },
      { row: "echo.json", ...rates(json) },
    ];
  },
};
