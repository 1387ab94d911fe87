import { describe, expect, it } from "vitest";
import type { LogFields } from "../core/logger.ts";
import { logFileName } from "./file-names.ts";
import { createLineFormatter, type AccessEntry, type LogComponent } from "./log-format.ts";

const replica: LogComponent = { kind: "replica", application: "app1", deployment: "Ingress", replicaId: "k3f9q2zz" };
const proxy: LogComponent = { kind: "proxy", id: "127.0.0.1" };
const timeMs = new Date(2026, 10, 21, 12, 0, 0, 123).getTime();
const access: AccessEntry = {
  method: "GET",
  route: "/",
  status: 200,
  latencyMs: 3.44,
  requestId: "5c8f1d2e",
  application: "app1",
  call: "",
  client: "",
};
const source = { pid: 42, startMs: timeMs - 500 };
const as = (encoding: "TEXT" | "JSON", ...names: string[]) => ({ encoding, additionalLogStandardAttrs: names });

describe("TEXT lines", () => {
  const format = createLineFormatter(replica, as("TEXT"), source);

  it("are Ray's: level, time, component, id, request id, message (reference 7.2)", () => {
    expect(format.access(access, timeMs)).toBe(
      "INFO 2026-11-21 12:00:00,123 app1_Ingress k3f9q2zz 5c8f1d2e -- GET / 200 3.4ms\n",
    );
    expect(format.record({ level: "warn", event: "replica.started", fields: { requestId: "r1" } }, timeMs)).toBe(
      "WARNING 2026-11-21 12:00:00,123 app1_Ingress k3f9q2zz r1 -- replica.started\n",
    );
  });

  it("show fields after the event, but not the replica's own ids again", () => {
    const fields = {
      application: "app1",
      deployment: "Ingress",
      replica: "k3f9q2zz",
      count: 3,
      text: "a b",
      plain: "x",
      none: null,
    };
    expect(format.record({ level: "info", event: "e", fields }, timeMs)).toContain(
      ' -- e count=3 text="a b" plain=x none=null\n',
    );
    const other = { application: "app2", deployment: "Other" };
    expect(format.record({ level: "info", event: "e", fields: other }, timeMs)).toContain(
      " -- e application=app2 deployment=Other\n",
    );
  });

  it("stay on one line, whatever the fields hold (R1)", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    const fields = { text: "a\nb", big: 7n, loop, fn: () => 1 };
    expect(format.record({ level: "info", event: "two\nlines", fields }, timeMs).split("\n")).toHaveLength(2);
  });

  it("end with the stack of an error and its causes", () => {
    const error = new Error("outer", { cause: new Error("inner") });
    const lines = format.record({ level: "error", event: "Request failed.", fields: { error } }, timeMs).split("\n");
    expect(lines[0]).toBe("ERROR 2026-11-21 12:00:00,123 app1_Ingress k3f9q2zz -- Request failed.");
    expect(lines[1]).toBe("Error: outer");
    expect(lines).toContain("caused by Error: inner");
  });

  it("survive an error that is its own cause", () => {
    const error = new Error("loop");
    error.cause = error;
    expect(format.record({ level: "error", event: "e", fields: { error } }, timeMs)).toContain("caused by");
  });

  it("follow the time across seconds, backwards too (R2)", () => {
    const at = (ms: number): string | undefined => /\d\d:\d\d:\d\d,\d+/.exec(format.access(access, timeMs + ms))?.[0];
    expect([at(0), at(876), at(877), at(59_877), at(0.9), at(-124)]).toEqual([
      "12:00:00,123",
      "12:00:00,999",
      "12:00:01,000",
      "12:01:00,000",
      "12:00:00,123",
      "11:59:59,999",
    ]);
  });
});

describe("JSON lines", () => {
  it("have Ray's keys in Ray's order (reference 7.3)", () => {
    const line = createLineFormatter(replica, as("JSON"), source).access(access, timeMs);
    expect(line.endsWith("}\n")).toBe(true);
    expect(Object.entries(JSON.parse(line) as object)).toEqual([
      ["asctime", "2026-11-21 12:00:00,123"],
      ["levelname", "INFO"],
      ["message", "GET / 200 3.4ms"],
      ["filename", "manta-serve"],
      ["lineno", 0],
      ["process", 42],
      ["route", "/"],
      ["request_id", "5c8f1d2e"],
      ["application", "app1"],
      ["deployment", "app1_Ingress"],
      ["replica", "k3f9q2zz"],
      ["component_name", "replica"],
      ["timestamp_ns", timeMs * 1e6],
    ]);
  });

  it("name component and id of other programs; the proxy's access lines are not for stderr", () => {
    const line = JSON.parse(createLineFormatter(proxy, as("JSON"), source).access(access, timeMs)) as object;
    expect(line).toMatchObject({ component_name: "proxy", component_id: "127.0.0.1", log_to_stderr: false });
  });

  it("keep their own keys when a field has the same name, and carry the stack", () => {
    const format = createLineFormatter(replica, as("JSON"), source);
    const fields = { message: "mine", error: new Error("x"), n: 1n };
    const line = JSON.parse(format.record({ level: "error", event: "e", fields }, timeMs)) as Record<string, unknown>;
    expect(line).toMatchObject({ message: "e", message_: "mine", n: "1" });
    expect(line).not.toHaveProperty("application");
    expect(line["exc_text"]).toMatch(/^Error: x\n/);
  });

  it("name the fields that cannot be shown instead of throwing", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    const line = createLineFormatter(proxy, as("JSON"), source).record(
      { level: "info", event: "e", fields: { loop } },
      timeMs,
    );
    expect(JSON.parse(line)).toMatchObject({ message: "e", unshown: ["loop"] });
  });
});

describe("additional attributes", () => {
  const names = ["levelno", "created", "process", "nothing", "relativeCreated", "msg"];

  it("stand behind the request id in TEXT (reference 7.2)", () => {
    const format = createLineFormatter(replica, as("TEXT", ...names), source);
    expect(format.access(access, timeMs)).toContain(
      ` 5c8f1d2e 20 ${timeMs / 1000} 42 500 GET / 200 3.4ms -- GET / 200`,
    );
  });

  it("stand behind the line's own facts in JSON, before the request's (reference 7.3)", () => {
    const format = createLineFormatter(replica, as("JSON", ...names), source);
    const record = { level: "warn", event: "e", fields: { error: new Error("x"), requestId: "r", n: 1 } } as const;
    expect(Object.keys(JSON.parse(format.record(record, timeMs)) as object)).toEqual(
      "asctime levelname message filename lineno process exc_text levelno created relativeCreated msg request_id application deployment replica component_name n timestamp_ns".split(
        " ",
      ),
    );
  });
});

describe("what is known of the request", () => {
  const json = (component: LogComponent, fields: LogFields): Record<string, unknown> =>
    JSON.parse(
      createLineFormatter(component, as("JSON"), source).record({ level: "info", event: "e", fields }, timeMs),
    ) as Record<string, unknown>;

  it("stands in JSON lines of a request only (reference 7.3)", () => {
    const own = { application: "app1", deployment: "Ingress", replica: "k3f9q2zz" };
    expect(Object.keys(json(replica, own))).not.toContain("application");
    expect(json(replica, { ...own, requestId: "r", route: "/" })).toMatchObject({ application: "app1", route: "/" });
    expect(json(proxy, { application: "a", requestId: "r" })).toMatchObject({ application: "a", request_id: "r" });
    expect(json(proxy, { application: "a", requestId: "r" })).not.toHaveProperty("application_");
    expect(Object.keys(json(proxy, { application: "a" })).slice(-2)).toEqual(["application", "timestamp_ns"]);
  });

  it("is the method in the message of a call through a handle, and the request's route in JSON", () => {
    const call = { ...access, method: "CALL", route: "/shop", call: "predict", status: "OK" };
    const lines = (["TEXT", "JSON"] as const).map((encoding) =>
      createLineFormatter(replica, as(encoding), source).access(call, timeMs),
    );
    expect(lines[0]).toContain(" -- CALL predict OK 3.4ms\n");
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ message: "CALL predict OK 3.4ms", route: "/shop" });
    const outside = createLineFormatter(replica, as("JSON"), source).access({ ...call, route: "" }, timeMs);
    expect(JSON.parse(outside)).not.toHaveProperty("route");
  });
});

describe("fields of user code", () => {
  const fields = { n: 1, ray_serve_extra_fields: { n: 2, model: "m" } };

  it("are flattened out of ray_serve_extra_fields, without loss (R4)", () => {
    const json = createLineFormatter(proxy, as("JSON"), source).record({ level: "info", event: "e", fields }, timeMs);
    expect(JSON.parse(json)).toMatchObject({ n: 1, n_: 2, model: "m" });
    const text = createLineFormatter(proxy, as("TEXT"), source).record({ level: "info", event: "e", fields }, timeMs);
    expect(text).toContain(" -- e n=1 n_=2 model=m\n");
  });
});

describe("access lines", () => {
  it("begin with the client's address where it is wanted (reference 7.2)", () => {
    const format = createLineFormatter(proxy, as("TEXT"), source);
    expect(format.access({ ...access, client: "10.0.0.7:4711" }, timeMs)).toContain(
      " -- 10.0.0.7:4711 GET / 200 3.4ms\n",
    );
  });
});

describe("logFileName", () => {
  it.each<[LogComponent, string]>([
    [{ kind: "controller", id: "4711" }, "controller_4711.log"],
    [proxy, "proxy_127.0.0.1.log"],
    [{ kind: "proxy", id: "::1" }, "proxy___1.log"],
    [replica, "replica_app1_Ingress_k3f9q2zz.log"],
    [{ kind: "replica", application: "a/../b", deployment: "Größe?", replicaId: "x" }, "replica_a_.._b_Gr__e__x.log"],
    [{ kind: "builder", application: "a", pid: 9 }, "controller_build_a_9.log"],
  ])("of %o is %s (reference 7.1)", (component, name) => {
    expect(logFileName(component)).toBe(name);
  });
});
