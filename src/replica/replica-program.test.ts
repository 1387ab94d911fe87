import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { silentLogger } from "../core/logger.ts";
import { seededRandom } from "../core/random.ts";
import { resolveOptions } from "../config/check-options.ts";
import { resolveDeployment } from "../config/resolve-deployment.ts";
import type { ReplicaMethods } from "../protocol/control.ts";
import { encodeToBytes, plainHooks } from "../protocol/values.ts";
import { CallClient } from "../router/call-client.ts";
import { ORPHAN_TIMEOUT_MS } from "../router/head-link.ts";
import { envelopeOf } from "../router/testing/call-envelope.ts";
import { ControlLink } from "../transport/control-link.ts";
import { MemoryTransport } from "../transport/memory-transport.ts";
import { ReplicaProgram } from "./replica-program.ts";

const HEAD = { kind: "memory", name: "head" } as const;
const DOOR = { kind: "memory", name: "door" } as const;
const TARGET = { application: "app", deployment: "Model" };

class Stubborn {
  work() {
    return new Promise(() => undefined);
  }
}

/** A replica that a head has loaded, with one call that never returns. */
async function running(gracefulShutdownTimeoutS: number) {
  const clock = new ManualClock();
  const random = seededRandom(1);
  const transport = new MemoryTransport(clock);
  const links: ControlLink[] = [];
  const head = await transport.listen(HEAD, { role: "head", id: "head", epoch: 0 }, (connection) => {
    links.push(new ControlLink(connection, clock));
  });
  const ended: number[] = [];
  const program = new ReplicaProgram(
    {
      self: { role: "replica", id: "r1", epoch: 1 },
      pid: 1,
      transport,
      head: HEAD,
      door: DOOR,
      node: "n",
      loadCode: async () => ({ name: "Model", kind: "class", target: Stubborn, place: { file: "", line: 0 } }),
      openLog: () => ({ logger: silentLogger, access: () => undefined, configure: () => undefined }),
      onEnded: () => void ended.push(clock.now()),
      clock,
      random,
    },
    silentLogger,
  );
  await program.start();
  await clock.advance(0);
  const options = resolveDeployment({ gracefulShutdownTimeoutS }, "deployment");
  const entry = { file: "", exportName: null, args: null };
  const initArgs = encodeToBytes([], plainHooks, "init");
  const known = { name: "Model", registeredName: "Model", kind: "class", calls: [], file: null } as const;
  const spec = { ...known, entry, initArgs, input: {}, options };
  const order = {
    application: "app",
    spec,
    exposed: false,
    codeVersion: "v1",
    rank: 0,
    worldSize: 1,
    logging: resolveOptions("logging", {}),
  };
  await links[0]?.request<ReplicaMethods, "load">("load", { ...order, changedFiles: [] });
  const client = new CallClient({
    clock,
    random,
    logger: silentLogger,
    handles: { refOf: () => undefined, revive: () => undefined },
    want: () => undefined,
    dial: (address) => transport.dial(address, { role: "driver", id: "d", epoch: 0 }),
  });
  const replicas = [{ id: "r1", address: DOOR, node: "local", suspect: false }];
  client.applyTargets({ ...TARGET, unavailable: null, maxOngoingRequests: 5, maxQueuedRequests: -1, replicas });
  const outcome = { code: "" };
  client.startCall(
    { ...envelopeOf({ target: TARGET }), args: [] },
    { onValue() {}, onStream() {}, onError: (error) => void (outcome.code = error.code) },
  );
  await clock.advance(1);
  return { clock, head, link: links[0] as ControlLink, ended, outcome };
}

describe("a replica without a head", () => {
  it("serves on, and ends after the orphan time-out and its own grace, though its code never returns (R1, D5)", async () => {
    const { clock, head, link, ended, outcome } = await running(20);
    await head.close();
    link.close("the head dies");
    await clock.advance(ORPHAN_TIMEOUT_MS + 19_000);
    expect([ended.length, outcome.code]).toEqual([0, ""]);
    await clock.advance(3000);
    expect([ended.length, outcome.code]).toEqual([1, "REPLICA_GONE"]);
  });
});
