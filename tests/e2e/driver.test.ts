// `serve.*` in a script, as a real process that starts or joins an instance.
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cli, FREE_PORTS, Place } from "./cli.ts";

const SCRIPT = join(import.meta.dirname, "../fixtures/driver/serve.ts");
const BROKEN = join(import.meta.dirname, "../fixtures/driver/broken.ts");

/** A driver that takes one order at a time and answers each with a line. */
class Driver {
  readonly cli: Cli;
  readonly #lines: AsyncIterator<string>;

  constructor(cli: Cli) {
    this.cli = cli;
    this.#lines = createInterface({ input: cli.child.stdout! })[Symbol.asyncIterator]();
  }

  async answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the driver ended: ${this.cli.stderr}`);
    return JSON.parse(value as string);
  }

  order(order: string): Promise<unknown> {
    this.cli.child.stdin!.write(`${order}\n`);
    return this.answer();
  }
}

let place: Place;

beforeEach(() => {
  place = new Place();
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") process.stderr.write(`${place.output()}\n`);
  await place.close();
});

async function start(step = 1): Promise<{ driver: Driver; url: string }> {
  const driver = new Driver(place.script(SCRIPT, String(step)));
  const { up } = (await driver.answer()) as { up: string };
  return { driver, url: up };
}

const allGone = () => expect.poll(() => place.processes(), { timeout: 20_000 }).toEqual([]);

describe("a driver that starts an instance", () => {
  it("calls by its handle, redeploys without meeting the old version, deletes (D7)", async () => {
    const { driver, url } = await start();
    expect(await driver.order("add")).toBe(1);
    expect(await driver.order("get")).toBe(2);
    expect(await (await fetch(url)).json()).toEqual({ count: 3 });
    expect(await driver.order("redeploy")).toBe(10);
    expect(await driver.order("delete")).toBe("deleted");
    expect(await driver.order("status")).toEqual([]);
    expect(await driver.order("add")).toEqual({ code: "DEPLOYMENT_UNAVAILABLE" });
    expect(await driver.order("get")).toEqual({ code: "APPLICATION_NOT_FOUND" });
  });

  it("stays up after its script has ended, drains on SIGTERM and ends with 0 (K6)", async () => {
    const { driver, url } = await start();
    driver.cli.child.stdin!.end();
    expect(await driver.answer()).toBe("no more orders");
    expect((await fetch(url)).status).toBe(200);
    expect((await driver.cli.interrupt("SIGTERM")).code).toBe(0);
    await allGone();
  });

  it("ends by itself after serve.shutdown, and may start again after it", async () => {
    const { driver } = await start();
    expect(await driver.order("shutdown")).toBe("ended");
    expect(await driver.order("status")).toEqual([]);
    expect(await driver.order("add")).toEqual({ code: "DEPLOYMENT_UNAVAILABLE" });
    expect(await driver.order("rerun")).toBe(1);
    expect(await driver.order("shutdown")).toBe("ended");
    driver.cli.child.stdin!.end();
    expect((await driver.cli.finished()).code).toBe(0);
    await allGone();
  });

  it("rejects with the reason of a failed deploy, and leaves nothing running (D4)", async () => {
    const { code, stderr } = await place.script(BROKEN).finished();
    expect(code).toBe(1);
    expect(stderr).toContain("no model at /models/big");
    expect(stderr).toContain("DEPLOY_FAILED");
    await allGone();
  });

  it("rejects with the port that is taken and the cure, and leaves nothing running", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { code, stderr } = await place.script(BROKEN, String(port)).finished();
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`${port}`);
    expect(stderr).toContain("http.port");
    await allGone();
  });

  it("takes its instance with it when it is killed", async () => {
    const { driver } = await start();
    await driver.cli.interrupt("SIGKILL");
    await allGone();
  });

  it("starts its head again when that is killed, and goes on (K1)", async () => {
    const { driver, url } = await start();
    const { pid } = JSON.parse((await place.run("status", "--json")).stdout).proxies.local;
    const head = place.headPid();
    process.kill(head, "SIGKILL");
    expect(await driver.order("add")).toBe(1);
    expect(await driver.order("status")).toEqual(["default"]);
    expect(place.headPid()).not.toBe(head);
    expect(JSON.parse((await place.run("status", "--json")).stdout).proxies.local.pid).toBe(pid);
    expect((await fetch(url)).status).toBe(200);
    expect(await driver.order("redeploy")).toBe(10);
    expect((await driver.cli.interrupt("SIGTERM")).code).toBe(0);
    await allGone();
  });
});

describe("a driver that joins", () => {
  it("leaves its applications behind and is not kept alive by the instance", async () => {
    expect((await place.run("start", ...FREE_PORTS)).code).toBe(0);
    const { driver, url } = await start();
    expect(await driver.order("add")).toBe(1);
    driver.cli.child.stdin!.end();
    expect(await driver.answer()).toBe("no more orders");
    expect((await driver.cli.finished()).code).toBe(0);
    expect(await (await fetch(url)).json()).toEqual({ count: 2 });
  });
});
