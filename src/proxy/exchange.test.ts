import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import { seededRandom } from "../core/random.ts";
import type { HttpCall } from "../model/call.ts";
import type { AccessEntry } from "../telemetry/log-format.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { ClientConnection } from "./client-connection.ts";
import { DEFAULT_LIMITS, type Door } from "./door.ts";
import { Exchange } from "./exchange.ts";
import { DRAINING } from "./refusals.ts";
import { RequestRecorder } from "./request-recorder.ts";
import { RequestTargets } from "./request-target.ts";
import { RouteTable } from "./route-table.ts";

const ROUTES = new RouteTable({ routes: [{ prefix: "/", application: "app", deployment: "Ingress" }] });

/** A request without a body on a connection of its own, before the first route table came. */
function requestBeforeRoutes(timeoutS: number | null = null) {
  const clock = new ManualClock();
  const calls: HttpCall[] = [];
  const logged: AccessEntry[] = [];
  const node = { nodeId: "local", nodeIp: "127.0.0.1" };
  const door: Door = {
    calls: {
      startHttp(call) {
        calls.push(call);
        return { cancel() {}, writeBody: () => true, endBody() {}, failBody() {}, consumed() {} };
      },
    },
    recorder: new RequestRecorder(new MetricRegistry(), node, (entry) => void logged.push(entry)),
    targets: new RequestTargets(),
    limits: DEFAULT_LIMITS,
    rootPath: "",
    requestTimeoutS: timeoutS,
    maxBodyBytes: Infinity,
    development: false,
    logger: silentLogger,
    clock,
    random: seededRandom(1),
    receiving: new Set(),
    waiting: new Set(),
    routes: undefined,
    draining: false,
    ongoing: 0,
    onQuiet: () => undefined,
  };
  const written: number[] = [];
  const res = { statusMessage: "", writeHead: (status: number) => void written.push(status), end() {} };
  const req = { method: "GET", rawHeaders: ["host", "x"] };
  const connection = new ClientConnection({} as Socket, clock);
  const exchange = new Exchange(door, connection, req as never, res as never, false);
  exchange.take("http://x/", "/");
  return { door, connection, exchange, calls, logged, written, clock };
}

describe("a request that waits for the first route table (RT5)", () => {
  it("goes to its application when the table comes", () => {
    const { door, exchange, calls } = requestBeforeRoutes();
    door.routes = ROUTES;
    exchange.routesCame();
    expect(calls.map(({ target }) => target.deployment)).toEqual(["Ingress"]);
    expect(door.waiting.size).toBe(0);
  });

  it("is forgotten when its client leaves: nothing runs for it later, and it ends once (Q5, R1)", () => {
    const { door, connection, calls, logged, written } = requestBeforeRoutes();
    connection.left();
    expect(door.waiting.size).toBe(0);
    door.routes = ROUTES;
    for (const waiting of [...door.waiting]) waiting.routesCame();
    for (const waiting of [...door.waiting]) waiting.refuse(DRAINING);
    expect(calls).toEqual([]);
    expect(written).toEqual([]);
    expect(logged.map(({ status }) => status)).toEqual([499]);
    expect(door.ongoing).toBe(0);
  });
});

describe("a request to an application that is being built (RT5)", () => {
  const table = (route: { deployment: string | null; unavailable?: string }): RouteTable =>
    new RouteTable({ routes: [{ prefix: "/", application: "app", ...route }] });
  const building = table({ deployment: null });

  it("waits through any number of tables, and goes when one has the ingress", () => {
    const { door, exchange, calls } = requestBeforeRoutes();
    for (const routes of [building, building]) {
      door.routes = routes;
      exchange.routesCame();
      expect(calls).toEqual([]);
      expect(door.waiting.size).toBe(1);
    }
    door.routes = ROUTES;
    exchange.routesCame();
    expect(calls.map(({ target }) => target.deployment)).toEqual(["Ingress"]);
    expect(door.waiting.size).toBe(0);
  });

  it("fails with 503 when the build has failed", () => {
    const { door, exchange, written, logged } = requestBeforeRoutes();
    door.routes = building;
    exchange.routesCame();
    door.routes = table({ deployment: null, unavailable: "failed to deploy" });
    exchange.routesCame();
    expect(written).toEqual([503]);
    expect(logged.map(({ route, status }) => [route, status])).toEqual([["/", 503]]);
    expect(door.waiting.size).toBe(0);
  });

  it("waits no longer than its deadline", async () => {
    const { door, exchange, written, clock } = requestBeforeRoutes(2);
    door.routes = building;
    exchange.routesCame();
    await clock.advance(1999);
    expect(written).toEqual([]);
    await clock.advance(1);
    expect(written).toEqual([408]);
    expect(door.waiting.size).toBe(0);
  });
});
