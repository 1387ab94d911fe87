// T4: answers of 1,000 small chunks. Chunks are counted by content: every answer is compared with the whole text, so a
// rate of answers is a rate of chunks, however they were put together on the way.
import { once } from "node:events";
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { type BenchCase, compare, interleave } from "../lib/bench.ts";
import { median } from "../lib/stats.ts";

const CHUNKS = 1000;
const FIRST_BYTE_SAMPLES = 100;
const expected = Array.from({ length: CHUNKS }, (_, n) => `token ${n}\n`).join("");

/** Time from the request to the first bytes of the body, milliseconds; the median of requests one after the other. */
async function firstByteMs(url: string): Promise<number> {
  const { hostname, port, host, pathname } = new URL(url);
  const tookMs: number[] = [];
  for (let n = 0; n < FIRST_BYTE_SAMPLES; n += 1) {
    const socket = connect(Number(port), hostname).setNoDelay().setEncoding("latin1");
    await once(socket, "connect");
    const startMs = performance.now();
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    let text = "";
    let firstMs: number | undefined;
    for await (const piece of socket) {
      text += String(piece);
      if (firstMs === undefined && text.includes("token 0\n")) firstMs = performance.now() - startMs;
    }
    if (firstMs === undefined || !text.includes(`token ${CHUNKS - 1}\n`))
      throw new Error(`${url}: a stream without its tokens`);
    tookMs.push(firstMs);
  }
  return median(tookMs);
}

export const stream: BenchCase = {
  id: "T4",
  async run(bench) {
    await using bare = await bench.servers.bare();
    await using manta = await bench.servers.manta("stream.ts");
    const rates = async (connections: number) => {
      const load = (url: string) => ({ url, connections, expected, checkEvery: true });
      const found = await compare(bench, { bare: load(`${bare.url}stream`), Manta: load(`${manta.url}stream`) });
      const chunkRates = (side: "bare" | "Manta") => found[side].map(({ perSecond }) => perSecond * CHUNKS);
      return { bare: chunkRates("bare"), manta: chunkRates("Manta") };
    };
    return [
      { row: "stream.c1", ...(await rates(1)) },
      { row: "stream.c16", ...(await rates(16)) },
      {
        row: "stream.firstByte",
        ...(await interleave(bench.effort.rounds, {
          bare: () => firstByteMs(`${bare.url}stream`),
          manta: () => firstByteMs(`${manta.url}stream`),
        })),
      },
    ];
  },
};
