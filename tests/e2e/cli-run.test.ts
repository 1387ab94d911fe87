// `manta run` as a user runs it.
import { createServer } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { APPS, FREE_PORTS, Place, SLOW, UNGUARDED } from "./cli.ts";

let place: Place;

beforeEach(() => {
  place = new Place();
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") process.stderr.write(`${place.output()}\n`);
  await place.close();
});

const text = async (url: string | URL): Promise<string> => (await fetch(url)).text();
const allGone = () => expect.poll(() => place.processes(), { timeout: 20_000 }).toEqual([]);

describe("manta run", () => {
  it("serves an application until Ctrl-C, drains, ends with 0 and leaves nothing running (K6)", async () => {
    const run = place.manta("run", APPS, ...FREE_PORTS, "--json");
    const { url, name, namespace, pid } = await run.ready();
    expect([name, namespace]).toEqual(["default", "cli"]);
    expect(place.processes()).toContain(pid);
    expect(await text(url)).toBe("hello\n");
    const held = text(new URL("?holdMs=500", url));
    await expect.poll(async () => await text(new URL("/-/healthz", url)), { timeout: 2000 }).toBe("success");
    const ended = run.interrupt();
    expect(await held).toBe("hello\n");
    expect((await ended).code).toBe(0);
    await allGone();
  });

  it("ends at once with 130 at the second Ctrl-C, and so does its instance (K6)", async () => {
    const run = place.manta("run", APPS, ...FREE_PORTS, "--json");
    const { url } = await run.ready();
    const held = text(new URL("?holdMs=5000", url)).catch(() => "cut");
    await expect.poll(async () => (await place.run("status", "--json")).stdout, { timeout: 5000 }).toContain("RUNNING");
    run.child.kill("SIGINT");
    const firstMs = Date.now();
    await expect
      .poll(async () => (await fetch(new URL("/-/healthz", url)).catch(() => undefined))?.status, { timeout: 2000 })
      .not.toBe(200);
    // Within 10 ms it would be an echo of the first (serve/signals.ts R1); a person is slower.
    await expect.poll(() => Date.now() - firstMs).toBeGreaterThan(100);
    expect(await run.interrupt()).toMatchObject({ code: 130 });
    await expect.poll(() => place.processes(), { timeout: 2000 }).toEqual([]);
    await held;
  });

  it("ends at a Ctrl-C that comes while its head starts, and so does the head", async () => {
    const run = place.manta("run", APPS, ...FREE_PORTS, "--json");
    await expect.poll(() => place.processes().length, { interval: 5, timeout: 5000 }).toBeGreaterThan(0);
    expect(await run.interrupt()).toMatchObject({ code: 0, stdout: "" });
    await allGone();
  });

  it("gives key=value arguments to an application builder, and deploys under the given name and prefix", async () => {
    const run = place.manta(
      "run",
      `${APPS}:build`,
      "word=given",
      ...FREE_PORTS,
      "--name",
      "shop",
      "--route-prefix",
      "/shop",
      "--json",
    );
    const { url, name } = await run.ready();
    expect([name, new URL(url).pathname]).toEqual(["shop", "/shop"]);
    expect(await text(url)).toBe("given\n");
    expect((await run.interrupt("SIGTERM")).code).toBe(0);
  });

  it("runs a file with an unguarded serve.run as that call", async () => {
    const run = place.manta("run", UNGUARDED, ...FREE_PORTS, "--json");
    const { url, name } = await run.ready();
    expect([name, new URL(url).pathname]).toEqual(["named", "/inner"]);
    expect(await text(url)).toBe("unguarded GET\n");
    expect((await run.interrupt()).code).toBe(0);
  });

  it("says where the application is, and how to ask it", async () => {
    const run = place.manta("run", APPS, ...FREE_PORTS);
    await expect
      .poll(() => run.stdout, { timeout: 10_000 })
      .toMatch(/^default runs at http:\/\/127\.0\.0\.1:\d+\/\ncurl http:.*\n$/);
    expect((await run.interrupt()).code).toBe(0);
  });

  it("fails with the first lines of a constructor's error and leaves nothing running (D4)", async () => {
    const { code, stdout, stderr } = await place.run("run", `${APPS}:broken`, ...FREE_PORTS, "--json");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("no model at /models/big");
    await allGone();
  });

  it("names the exports that exist when the asked one does not", async () => {
    const { code, stderr } = await place.run("run", `${APPS}:ap`, ...FREE_PORTS);
    expect(code).toBe(1);
    expect(stderr).toMatch(/unknown export ap.*app, broken, build/);
    await allGone();
  });

  it("names the port that is taken and the cure, and leaves nothing running", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { code, stderr } = await place.run("run", APPS, "--http-port", String(port), "--admin-port", "0");
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain(String(port));
    expect(stderr).toContain("--http-port");
    await allGone();
  });

  it("joins a running instance, and on Ctrl-C deletes its application only", async () => {
    expect((await place.run("start", ...FREE_PORTS)).code).toBe(0);
    const run = place.manta("run", APPS, "--json", "--http-port", "1");
    const { url } = await run.ready();
    expect(await text(url)).toBe("hello\n");
    const { code, stderr } = await run.interrupt();
    expect(code).toBe(0);
    expect(stderr).toMatch(/keeps its own options; ignored: http.port/);
    const { stdout } = await place.run("status", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ applications: {}, proxies: { local: { status: "HEALTHY" } } });
    expect((await place.run("shutdown", "-y")).code).toBe(0);
    await allGone();
  });

  it("deletes what failed in a joined instance, and spares what it was to replace (D6)", async () => {
    expect((await place.run("start", ...FREE_PORTS)).code).toBe(0);
    const first = place.manta("run", APPS, "--json");
    const { url } = await first.ready();
    expect((await place.run("run", `${APPS}:broken`, "--name", "other", "--route-prefix", "/other")).code).toBe(1);
    expect((await place.run("run", `${APPS}:broken`)).code).toBe(1);
    expect(await text(url)).toBe("hello\n");
    expect(Object.keys(JSON.parse((await place.run("status", "--json")).stdout).applications)).toEqual(["default"]);
  });

  it("deploys nothing when Ctrl-C comes during the build, and spares what it was to replace (D6)", async () => {
    const owner = place.manta("run", APPS, ...FREE_PORTS, "--json");
    const { url } = await owner.ready();
    const processes = (count: number) => expect.poll(() => place.processes().length, { timeout: 10_000 }).toBe(count);
    await processes(3); // head, proxy, replica
    const late = place.manta("run", SLOW, "--json");
    await processes(4); // and its builder
    expect((await late.interrupt()).code).toBe(0);
    await processes(3);
    expect(await text(url)).toBe("hello\n");
    expect((await owner.interrupt()).code).toBe(0);
  });

  it("lets two commands that start at the same moment share one instance (K5)", async () => {
    const one = place.manta("run", APPS, ...FREE_PORTS, "--json");
    const two = place.manta(
      "run",
      `${APPS}:build`,
      "word=two",
      ...FREE_PORTS,
      "--name",
      "two",
      "--route-prefix",
      "/two",
      "--json",
    );
    const [first, second] = await Promise.all([one.ready(), two.ready()]);
    expect(first.pid).toBe(second.pid);
    expect([await text(first.url), await text(second.url)]).toEqual(["hello\n", "two\n"]);
  });
});
