import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { LogFile } from "./log-file.ts";
import { ProgramLog, type LogOptions } from "./program-log.ts";

let folder = "";
let clock = new ManualClock();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-log-"));
  clock = new ManualClock();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (name = "a.log"): string => readFileSync(join(folder, name), "utf8");

describe("LogFile", () => {
  it("writes 100 ms after the first line that waits, in order, and leaves no timer (R1)", async () => {
    const file = new LogFile(join(folder, "a.log"), {}, clock);
    file.write("1\n");
    await clock.advance(60);
    file.write("2\n");
    await clock.advance(39);
    expect(readdirSync(folder)).toEqual([]);
    await clock.advance(1);
    expect(read()).toBe("1\n2\n");
    expect(clock.pending).toBe(0);
  });

  it("writes at 64 KiB, at an urgent line and on close (R1)", () => {
    const file = new LogFile(join(folder, "a.log"), {}, clock);
    file.write("x".repeat(65_535));
    expect(readdirSync(folder)).toEqual([]);
    file.write("\n");
    expect(read()).toHaveLength(65_536);
    file.write("urgent\n", true);
    expect(read()).toMatch(/urgent\n$/);
    file.write("last é\n");
    file.close();
    file.write("too late\n");
    expect(read()).toMatch(/last é\n$/);
    expect(clock.pending).toBe(0);
  });

  it("appends to what is there and makes missing folders", () => {
    const path = join(folder, "new", "a.log");
    for (const line of ["1\n", "2\n"]) {
      const file = new LogFile(path, {}, clock);
      file.write(line);
      file.close();
    }
    expect(read("new/a.log")).toBe("1\n2\n");
  });

  it("never throws; counts what is lost and goes on when it can (R2)", () => {
    const path = join(folder, "a.log");
    mkdirSync(path); // a folder in the file's place: no write can succeed
    const file = new LogFile(path, {}, clock);
    file.write("lost\n", true);
    expect(file.lostBytes).toBe(5);
    rmSync(path, { recursive: true });
    file.write("kept\n", true);
    expect(read()).toBe("kept\n");
    file.close();
  });

  it("makes a file anew that was moved or deleted, with its folder (R3)", () => {
    const path = join(folder, "logs", "a.log");
    const file = new LogFile(path, {}, clock);
    file.write("1\n", true);
    renameSync(path, join(folder, "moved.log"));
    file.write("2\n", true);
    expect([read("moved.log"), read("logs/a.log")]).toEqual(["1\n", "2\n"]);
    rmSync(join(folder, "logs"), { recursive: true });
    file.write("3\n", true);
    expect(read("logs/a.log")).toBe("3\n");
    file.close();
  });

  it("exchanges a full file and keeps only so many (R4)", () => {
    const file = new LogFile(join(folder, "a.log"), { maxBytes: 4, backups: 2 }, clock);
    for (const line of ["1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n"]) file.write(line, true);
    file.close();
    expect(readdirSync(folder).sort()).toEqual(["a.log", "a.log.1", "a.log.2"]);
    expect([read(), read("a.log.1"), read("a.log.2")]).toEqual(["7\n", "5\n6\n", "3\n4\n"]);
  });
});

describe("ProgramLog", () => {
  const options: LogOptions = {
    encoding: "TEXT",
    logLevel: "INFO",
    logsDir: null,
    enableAccessLog: true,
    additionalLogStandardAttrs: [],
  };
  const entry = {
    method: "GET",
    route: "/",
    status: 200,
    latencyMs: 1,
    requestId: "r",
    application: "a",
    call: "",
    client: "",
  };
  const open = (given = options): ProgramLog =>
    new ProgramLog(folder, { kind: "proxy", id: "127.0.0.1" }, given, clock);

  it("writes records and access lines to the program's file, errors at once", () => {
    const log = open();
    log.access(entry);
    log.logger.debug("hidden");
    log.logger.child({ pid: 1 }).error("broken");
    expect(log.file).toBe(join(folder, "proxy_127.0.0.1.log"));
    const lines = read("proxy_127.0.0.1.log").split("\n");
    expect(lines.map((line) => line.split(" -- ")[1])).toEqual(["GET / 200 1.0ms", "broken pid=1", undefined]);
    log.close();
  });

  it("leaves access lines out where they are off", () => {
    const log = open({ ...options, enableAccessLog: false });
    log.access(entry);
    log.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("follows changed options from the next line on, into another folder too (R1)", () => {
    const log = open();
    const child = log.logger.child({});
    log.access(entry);
    log.configure({ ...options, logLevel: "DEBUG", enableAccessLog: false, logsDir: join(folder, "other") });
    log.access(entry);
    child.debug("shown");
    log.configure({ ...options, encoding: "JSON", logLevel: "ERROR" });
    child.warn("hidden");
    log.access(entry);
    log.close();
    expect(read("proxy_127.0.0.1.log").split("\n")[0]).toMatch(/ -- GET \/ 200 1.0ms$/);
    expect(read("proxy_127.0.0.1.log").split("\n")[1]).toMatch(/^\{"asctime".*"message":"GET \/ 200 1.0ms"/);
    expect(read("other/proxy_127.0.0.1.log")).toMatch(/^DEBUG .* -- shown\n$/);
  });
});
