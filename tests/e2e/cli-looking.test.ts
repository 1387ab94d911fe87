// `manta why`, `status --watch` and `bench` on a running application.
import { afterEach, beforeEach, expect, it } from "vitest";
import { APPS, FREE_PORTS, Place } from "./cli.ts";

let place: Place;

beforeEach(() => {
  place = new Place();
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") process.stderr.write(`${place.output()}\n`);
  await place.close();
});

interface Line {
  readonly timeMs: number;
  readonly replicaId: string;
  readonly event: string;
}

it("manta why tells what happened, newest first, to all that a word names", async () => {
  const run = place.manta("run", APPS, "--name", "shop", ...FREE_PORTS, "--json");
  await run.ready();
  const all = await place.run("why", "shop");
  expect([all.code, all.stdout]).toEqual([
    0,
    expect.stringMatching(/^shop is RUNNING\nshop\/Echo is HEALTHY .*\n\nWHEN +AT +WHO +WHAT +WHY\n/),
  ]);
  const lines = JSON.parse((await place.run("why", "shop/Echo", "--json")).stdout) as Line[];
  expect(lines.map(({ timeMs }) => timeMs)).toEqual(lines.map(({ timeMs }) => timeMs).toSorted((a, b) => b - a));
  expect(lines.map(({ event }) => event)).toEqual(expect.arrayContaining(["replica.start", "replica.ready"]));
  const { replicaId } = lines.find((line) => line.replicaId !== "")!;
  const replica = await place.run("why", replicaId, "-n", "1");
  expect(replica.stdout).toMatch(new RegExp(`^shop/Echo ${replicaId} is RUNNING: pid \\d+\n`));
  expect(replica.stdout).toMatch(/\d+ older; -n \d+ shows them\n$/);

  const unknown = await place.run("why", "Eco");
  expect([unknown.code, unknown.stdout]).toEqual([1, ""]);
  expect(unknown.stderr).toContain("Eco: no application, deployment or replica has this name");
  expect(unknown.stderr).toContain(`shop/Echo  ${replicaId}`);
  expect((await place.run("delete", "shop", "-y")).code).toBe(0);
  expect((await place.run("why", "shop", "--json")).stdout).toContain("replica.start");
});

it("status --watch prints a line for each change where nobody draws, until Ctrl-C", async () => {
  expect((await place.run("start", ...FREE_PORTS)).code).toBe(0);
  const watch = place.manta("status", "--watch");
  await expect.poll(() => watch.stdout, { timeout: 10_000 }).toMatch(/^\S+Z proxy local: HEALTHY\n/);
  const run = place.manta("run", APPS, "--json");
  await run.ready();
  await expect.poll(() => watch.stdout, { timeout: 10_000 }).toMatch(/\S+Z default\/Echo: HEALTHY 1\/1 replicas\n/);
  await run.interrupt();
  await expect.poll(() => watch.stdout, { timeout: 20_000 }).toMatch(/\S+Z default: gone\n/);
  expect((await watch.interrupt()).code).toBe(0);
  expect((await place.run("shutdown", "-y")).code).toBe(0);
});

it("manta bench counts answers and fails when they are errors", async () => {
  const run = place.manta("run", APPS, ...FREE_PORTS, "--json");
  const { url } = await run.ready();
  const good = await place.run("bench", "-d", "0.5", "-c", "2", "--json");
  const figures = JSON.parse(good.stdout);
  expect([good.code, figures.errors, figures.url]).toEqual([0, {}, url]);
  expect(figures.statuses[200]).toBe(figures.requests);
  expect(figures.latencyMs.p99).toBeGreaterThanOrEqual(figures.latencyMs.p50);
  const refused = await place.run("bench", "http://127.0.0.1:1/", "-d", "0.3");
  expect([refused.code, refused.stdout]).toEqual([1, expect.stringMatching(/errors +\d+ x ECONNREFUSED/)]);
  const unknown = await place.run("bench", "shop");
  expect([unknown.code, unknown.stderr]).toEqual([1, "error: application shop not found; there are: default\n"]);
});
