// A whole instance in this process: the real controller, replicas, codec and frames, without processes, sockets or files.
//   R1  What cannot cross between processes does not cross here either.
//   R2  Time is the clock's: with a `ManualClock` nothing times out before the test says so.
import { createHandle, handleRefOf } from "../api/handle.ts";
import { loadRouter } from "../api/load-router.ts";
import { buildApplicationSpec, findInGraph, isApplication } from "../api/graph.ts";
import type { Runtime } from "../api/runtime.ts";
import type { Application, Handle } from "../api/types.ts";
import { systemClock, type Clock } from "../core/clock.ts";
import { ConfigError, ServeError } from "../core/errors.ts";
import { silentLogger, type Logger } from "../core/logger.ts";
import { systemRandom, type Random } from "../core/random.ts";
import { atTurnEnd } from "../core/tick.ts";
import { MemoryEngine, type MemoryProgram } from "../engines/memory/memory-engine.ts";
import type { Head } from "../head/head.ts";
import { memoryHead } from "../head/memory-head.ts";
import type { InstanceStatus } from "../model/status.ts";
import type { FeedChange, HeadMethods } from "../protocol/control.ts";
import { PolicyProgram } from "../policy/policy-program.ts";
import { ReplicaProgram } from "../replica/replica-program.ts";
import { CallClient } from "../router/call-client.ts";
import { FeedClient } from "../router/feed-client.ts";
import { ControlLink } from "../transport/control-link.ts";
import { MemoryTransport } from "../transport/memory-transport.ts";
import { fetchFrom } from "./fetch-from.ts";

/** How an application runs in memory. */
export interface RunInMemoryOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: "default". */
  readonly name?: string;
  /** Default: "/". Null: no `fetch`. */
  readonly routePrefix?: string | null;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
}

/** An application that runs in this process. */
export interface InMemoryInstance<T> {
  /** Handle of the ingress deployment. */
  readonly handle: Handle<T>;
  /** Sends a request to the application as the proxy would; errors become responses. */
  fetch(request: Request | string): Promise<Response>;
  status(): Promise<InstanceStatus>;
  /** Drains and ends everything; `[Symbol.asyncDispose]` does the same. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const HEAD_ADDRESS = { kind: "memory", name: "head" } as const;
/** Turns that a drain in memory may take: some for each layer of deployments. */
const CLOSING_TURNS = 200;
const SELF = { role: "driver", id: "driver", epoch: 0 } as const;

/**
 * Runs an application in this process and waits until it is RUNNING.
 * @throws {ServeError} DEPLOY_FAILED with the user's error; CONFIG_INVALID for something that is no application
 */
export async function runInMemory<T>(
  app: Application<T>,
  options: RunInMemoryOptions = {},
): Promise<InMemoryInstance<T>> {
  if (!isApplication(app)) {
    throw new ConfigError({
      path: "runInMemory(app)",
      received: typeof app,
      expected: "what deployment(...).bind(...) returned",
    });
  }
  const { clock = systemClock, name = "default", routePrefix = "/", logger = silentLogger } = options;
  const random = systemRandom;
  const transport = new MemoryTransport(clock);
  const loadCode: ReplicaCode = (deployment) => {
    const found = findInGraph(app, deployment);
    if (found === undefined) throw new ServeError("INTERNAL", `${deployment} is not in the application`);
    return found;
  };
  const replica = replicaProgram(transport, loadCode, logger, clock, random);
  const engine = new MemoryEngine({ replica, policy: policyProgram(transport, clock) }, clock);
  const head = await startHead(engine, transport, logger, clock, random);
  const { link, calls, runtime } = await connect(transport, logger, clock, random);
  const spec = buildApplicationSpec(app, { name, routePrefix, workingDir: process.cwd(), inProcess: true });
  const target = { application: name, deployment: spec.ingress };
  const close = async (): Promise<void> => {
    const drained = head.shutdown();
    // Time that stands still would never end the grace of code that goes on: it gets a few turns, then no more.
    if (clock !== systemClock && !(await isDone(drained, CLOSING_TURNS))) head.killAll();
    await drained;
    await head.ended;
    calls.close();
    link.close("the test ends");
  };
  try {
    calls.prepare(target);
    await link.request<HeadMethods, "deploy">("deploy", { applications: [spec], wait: true });
  } catch (reason) {
    await close();
    throw reason;
  }
  return {
    handle: createHandle<T>(target, runtime),
    fetch: fetchFrom(calls, target, routePrefix, clock, random),
    status: () => link.request<HeadMethods, "status">("status", null),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Whether `promise` settles within so many turns of the event loop. */
async function isDone(promise: Promise<unknown>, turns: number): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  for (let turn = 0; turn < turns && !done; turn++) await new Promise<void>((resolve) => atTurnEnd(resolve));
  return done;
}

type ReplicaCode = (deployment: string) => ReturnType<typeof findInGraph> & object;

function replicaProgram(
  transport: MemoryTransport,
  code: ReplicaCode,
  logger: Logger,
  clock: Clock,
  random: Random,
): MemoryProgram {
  return (spec, { stop, kill }) =>
    new Promise((resolve, reject) => {
      const program = new ReplicaProgram(
        {
          self: { role: "replica", id: spec.id, epoch: spec.epoch },
          pid: process.pid,
          transport,
          head: HEAD_ADDRESS,
          door: { kind: "memory", name: spec.id },
          node: "memory",
          loadCode: async (order) => code(order.spec.name),
          openLog: ({ application, spec: { name: deployment } }) => ({
            logger: logger.child({ application, deployment, replica: spec.id }),
            access: () => undefined,
            configure: () => undefined,
          }),
          onEnded: () => resolve(0),
          clock,
          random,
        },
        logger,
      );
      stop.addEventListener("abort", () => program.drain());
      kill.addEventListener("abort", () => void program.close());
      program.start().catch(reject);
    });
}

/** Policies are functions and classes of this process; they are found where they were registered. */
function policyProgram(transport: MemoryTransport, clock: Clock): MemoryProgram {
  return async ({ id, epoch }, { stop, kill }) => {
    const link = new ControlLink(await transport.dial(HEAD_ADDRESS, { role: "policy", id, epoch }), clock);
    new PolicyProgram().serve(link);
    const end = (): void => link.close("the policy ends");
    stop.addEventListener("abort", end);
    kill.addEventListener("abort", end);
    await link.closed;
    return 0;
  };
}

async function startHead(
  engine: MemoryEngine,
  transport: MemoryTransport,
  logger: Logger,
  clock: Clock,
  random: Random,
): Promise<Head> {
  const head = memoryHead({ engine, transport, address: HEAD_ADDRESS }, logger, clock, random);
  await head.start();
  return head;
}

async function connect(transport: MemoryTransport, logger: Logger, clock: Clock, random: Random) {
  const link = new ControlLink(await transport.dial(HEAD_ADDRESS, SELF), clock);
  const feed = new FeedClient({ targets: (targets) => calls.applyTargets(targets) });
  const calls: CallClient = new CallClient({
    clock,
    random,
    logger,
    dial: (address) => transport.dial(address, SELF),
    loadRouter,
    want: (key) => feed.want(key),
    reportScaling: (report) => link.notify("scaling.report", report),
    handles: { refOf: handleRefOf, revive: (ref) => createHandle(ref, runtime) },
  });
  const runtime: Runtime = {
    clock,
    random,
    logger,
    replica: undefined,
    startCall: (call, observer) => calls.startCall(call, observer),
  };
  link.onNotify((topic, body) => {
    if (topic === "feed") feed.receive(link, (body as { changes: readonly FeedChange[] }).changes);
  });
  feed.connected(link);
  return { link, calls, runtime };
}
