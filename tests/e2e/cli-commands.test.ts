// The commands other than `manta run`, and what every command does with wrong words.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { APPS, FREE_PORTS, Place } from "./cli.ts";

let place: Place;

beforeEach(() => {
  place = new Place();
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") process.stderr.write(`${place.output()}\n`);
  await place.close();
});

describe("manta", () => {
  it.each([
    [["rnu"], /unknown command 'rnu'[^]*Did you mean run\?/],
    [["run", "--http-prot", "1"], /unknown option '--http-prot'[^]*Did you mean --http-port\?/],
    [
      ["run", "app.ts", "--http-port", "high"],
      /--http-port: received "high" \(string\), expected an integer from 0 to 65535/,
    ],
    [["run", "app.ts", "model"], /invalid application argument "model": expected <key>=<value>/],
    [["bench", "-c", "0"], /--connections: received 0/],
    [["why", "-n", "few"], /--lines: received few/],
    [["status", "--address", "127.0.0.1:8265"], /--address: received "127.0.0.1:8265", expected such as http/],
    [["deploy", "./app.ts:app", "--runtime-env-json", "{"], /--runtime-env-json: /],
    [["delete", "shop"], /There is no terminal to ask on; give --yes/],
    [["logs", "-n", "few"], /--lines: received few/],
    [["run", "app.ts", "--admin-host", "0.0.0.0"], /a loopback address, or a token/],
  ])("%j is wrong use: exit code 2, and says what is meant", async (args, message) => {
    const { code, stdout, stderr } = await place.run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  it("says nothing where nobody reads what it prints", async () => {
    const help = place.manta("--help");
    help.child.stdout?.destroy();
    const { code, stderr } = await help.finished();
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("prints help with examples for each command", async () => {
    for (const command of [
      "run",
      "start",
      "deploy",
      "status",
      "config",
      "why",
      "logs",
      "delete",
      "shutdown",
      "build",
      "bench",
    ]) {
      const { code, stdout } = await place.run(command, "--help");
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: manta ${command}`);
      expect(stdout).toContain(`Examples:\n  manta ${command}`);
    }
  });

  it("says that nothing runs: a failure for status and delete, none for shutdown", async () => {
    const message = expect.stringContaining("no instance runs in namespace cli");
    expect(await place.run("status")).toMatchObject({ code: 1, stdout: "", stderr: message });
    expect(await place.run("delete", "shop", "-y")).toMatchObject({ code: 1, stderr: message });
    expect(await place.run("shutdown", "-y")).toMatchObject({ code: 0, stderr: message });
  });
});

describe("manta logs", () => {
  it("prints the last lines of the chosen files, whether or not anything runs", async () => {
    const folder = join(place.home, "cli/logs/serve");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "proxy_127.0.0.1.log"), "one\ntwo\nthree\n");
    writeFileSync(join(folder, "replica_shop_Model_abcd1234.log"), "loaded");
    expect((await place.run("logs", "proxy", "-n", "2")).stdout).toBe("==> proxy_127.0.0.1.log <==\ntwo\nthree\n");
    expect((await place.run("logs")).stdout).toBe(
      "==> proxy_127.0.0.1.log <==\none\ntwo\nthree\n\n==> replica_shop_Model_abcd1234.log <==\nloaded\n",
    );
    const none = await place.run("logs", "Other");
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringContaining("there are: proxy_127.0.0.1.log, replica_shop"),
    ]);
  });

  it("goes on with --follow, files that come later included", async () => {
    const folder = join(place.home, "cli/logs/serve");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "proxy_a.log"), "old\n");
    const logs = place.manta("logs", "--follow", "-n", "0");
    await expect
      .poll(
        () => {
          appendFileSync(join(folder, "proxy_b.log"), "new\n");
          return logs.stdout;
        },
        { timeout: 5000 },
      )
      .toContain("==> proxy_b.log <==\nnew\n");
    expect(logs.stdout).not.toContain("old");
    logs.child.kill("SIGINT");
    await logs.closed;
  });
});

interface Started {
  readonly started: boolean;
  readonly pid: number;
}

describe("manta start, status, delete, shutdown", () => {
  it("of two starts at the same moment one starts the instance and the other says that it runs", async () => {
    const both = [place.run("start", ...FREE_PORTS, "--json"), place.run("start", ...FREE_PORTS, "--json")];
    const answers = (await Promise.all(both)).map(({ stdout }) => JSON.parse(stdout) as Started);
    expect(answers.filter(({ started }) => started)).toHaveLength(1);
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
    expect((await place.run("shutdown", "-y")).code).toBe(0);
  });

  it("start leaves an instance behind; a second start says so; status, delete and shutdown reach it", async () => {
    const started = await place.run("start", ...FREE_PORTS, "--json");
    expect(started.code).toBe(0);
    const { url, started: isNew } = JSON.parse(started.stdout);
    expect([isNew, (await fetch(new URL("/-/healthz", url))).status]).toEqual([true, 200]);
    const again = await place.run("start", ...FREE_PORTS);
    expect([again.code, again.stdout]).toEqual([
      0,
      expect.stringContaining("an instance runs already in namespace cli"),
    ]);

    const run = place.manta("run", APPS, "--json");
    await run.ready();
    const yaml = (await place.run("status")).stdout;
    expect(yaml).toMatch(
      /^proxies:\n {2}local: HEALTHY\n\napplications:\n {2}default:\n {4}status: RUNNING\n {4}message: ''\n/,
    );
    expect(yaml).toMatch(
      / {6}Echo:\n {8}status: HEALTHY\n[^]*replica_states:\n {10}RUNNING: 1\n[^]*\ntarget_capacity: null\n$/,
    );
    expect((await place.run("status", "--name", "default")).stdout).toMatch(/^status: RUNNING\n/);
    expect(await place.run("status", "--name", "shop")).toMatchObject({
      code: 1,
      stderr: "error: application shop not found; there are: default\n",
    });

    expect(await place.run("delete", "default", "-y")).toMatchObject({ code: 0 });
    expect(await place.run("delete", "default", "-y")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("default"),
    });
    expect((await place.run("shutdown", "-y")).code).toBe(0);
    await expect.poll(() => place.processes(), { timeout: 20_000 }).toEqual([]);
  });
});
