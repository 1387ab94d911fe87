// What replicas print, as whoever started them sees it.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Harness, type Served } from "./harness.ts";

const APP = join(import.meta.dirname, "../fixtures/output/app.ts");

let harness: Harness;

beforeEach(() => {
  harness = new Harness();
  harness.showOnFailure();
});
afterEach(() => harness.close());

const say = (url: string, word: string): Promise<string> =>
  fetch(new URL(`?say=${word}`, url)).then((response) => response.text());

const linesOf = ({ process }: Served): string[] => process.stderr.trimEnd().split("\n");

const printed = (served: Served, text: string): Promise<true> =>
  harness.waitUntil(() => served.process.stderr.includes(text), `${text} is printed`);

describe("output of replicas", () => {
  it("comes to `manta run` line by line with the replica's id, from its first to its last", async () => {
    const served = await harness.startByCommand(APP);
    const [replica] = await harness.replicas();
    await say(served.url, "hello");
    await printed(served, "error hello");
    const { code, stdout } = await served.process.interrupt();
    const who = `(Talker ${replica?.replicaId})`;
    const lines = linesOf(served).filter((line) => line.startsWith("("));
    expect(lines).toEqual(["talker is up", "1 hello", "error hello", "talker ends"].map((line) => `${who} ${line}`));
    expect([code, stdout.trim().split("\n").length]).toEqual([0, 1]);
  });

  it("comes to the driver that started the instance, not to one that joined", async () => {
    const served = await harness.startServe(APP);
    const joined = await harness.startServe(APP);
    await say(served.url, "hello");
    await printed(served, "1 hello");
    await joined.process.interrupt();
    expect(joined.process.stderr).not.toContain("hello");
    await served.process.interrupt();
    expect(linesOf(served).at(-1)).toMatch(/^\(Talker \w+\) talker ends$/);
  });

  it("goes on where it was when the head is another, and repeats nothing (K1)", async () => {
    const served = await harness.startByCommand(APP);
    await say(served.url, "before");
    await printed(served, "error before");
    await harness.killHead();
    await say(served.url, "meanwhile");
    await printed(served, "error meanwhile");
    await say(served.url, "after");
    await printed(served, "error after");
    const lines = linesOf(served).filter((line) => line.startsWith("(Talker"));
    expect(lines.map((line) => line.replace(/^.*\) /, ""))).toEqual([
      "talker is up",
      ...["1 before", "error before", "2 meanwhile", "error meanwhile", "3 after", "error after"],
    ]);
  });

  it("leaves lines out of a flood, says so, and is told in full by `manta logs`", async () => {
    const served = await harness.startByCommand(APP);
    const [replica] = await harness.replicas();
    await (await fetch(new URL("?flood=20000&say=last", served.url))).text();
    await printed(served, "1 last");
    expect(served.process.stderr).toMatch(/\(Talker \w+\) \.\.\. \d+ bytes left out; see manta logs \w+/);
    expect(served.process.stderr.length).toBeLessThan(1 << 20);
    const { stdout } = await harness.manta("logs", replica?.replicaId ?? "", "-n", "30000");
    expect(stdout.split("\n").filter((line) => line.startsWith("flood"))).toHaveLength(20_000);
  });

  it("comes to a `manta run` that joined, for what it deployed only", async () => {
    const first = await harness.startByCommand(APP);
    const second = await harness.startByCommand(APP, "--name", "other", "--route-prefix", "/other");
    await say(first.url, "first");
    await say(second.url, "second");
    await printed(first, "error second");
    await printed(second, "error second");
    expect(second.process.stderr).not.toContain("error first");
  });
});
