// Loaded into every process of a benchmarked Manta (`NODE_OPTIONS=--import`): writes down once a second how much of the
// heap is in use. The lowest figures are those right after a collection.
import { appendFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";

const folder = process.env.MANTA_BENCH_HEAP;
if (folder !== undefined) {
  const file = path.join(folder, String(process.pid));
  setInterval(() => appendFileSync(file, `${process.memoryUsage().heapUsed}\n`), 1000).unref();
}
