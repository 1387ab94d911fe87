import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { findLoadTool, loadTool } from "./load.ts";
import type { LoadResult } from "./load-reports.ts";

async function withServer<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const result: LoadResult = { perSecond: 1, p50Ms: 1, p99Ms: 1, answers: 10, bytes: 1000, faults: [] };
const load = (url: string) => ({ url, connections: 1, expected: "good" });
const good: RequestListener = (_request, response) => void response.end("good");

describe("load", () => {
  it("gives what the load generator saw when all answers were good", async () => {
    const tool = loadTool("fake", async () => result);
    await expect(withServer(good, (url) => tool.run(load(url), 1))).resolves.toBe(result);
  });

  it("refuses a run with one bad answer (R1)", async () => {
    const tool = loadTool("fake", async () => ({ ...result, faults: ["1 socket errors"] }));
    await expect(withServer(good, (url) => tool.run(load(url), 1))).rejects.toThrow(": 1 socket errors");
  });

  it("refuses a run without answers, and one whose bytes cannot hold the bodies (R1, R2)", async () => {
    const none = loadTool("fake", async () => ({ ...result, answers: 0 }));
    await expect(withServer(good, (url) => none.run(load(url), 1))).rejects.toThrow("no answer at all");
    const short = loadTool("fake", async () => ({ ...result, bytes: 39 }));
    await expect(withServer(good, (url) => short.run(load(url), 1))).rejects.toThrow("39 bytes for 10 answers");
  });

  it("compares an answer before and one after the run (R2)", async () => {
    const answers = ["good", "bad"];
    const turns: RequestListener = (_request, response) => void response.end(answers.shift());
    const tool = loadTool("fake", async () => result);
    await expect(withServer(turns, (url) => tool.run(load(url), 1))).rejects.toThrow(`answered 200 "bad"`);
    expect(answers).toEqual([]);
  });

  it("takes 204 and 404 for bad answers, whatever their body", async () => {
    const tool = loadTool("fake", async () => result);
    const missing: RequestListener = (_request, response) => void response.writeHead(404).end("good");
    await expect(withServer(missing, (url) => tool.run(load(url), 1))).rejects.toThrow(`answered 404 "good"`);
  });

  it("sees one wrong body among many when each is compared", async () => {
    let count = 0;
    const rarely: RequestListener = (_request, response) => void response.end(++count === 50 ? "evil" : "good");
    const run = (url: string) => findLoadTool().run({ ...load(url), checkEvery: true }, 1);
    await expect(withServer(rarely, run)).rejects.toThrow("1 wrong bodies");
  });
});
