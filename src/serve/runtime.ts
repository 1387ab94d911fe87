// What surrounds code in a driver: calls go straight to the replicas, whose places come by the change feed.
import type { Runtime } from "../api/runtime.ts";
import { defaultRuntime } from "../api/default-runtime.ts";
import { createHandle, handleRefOf } from "../api/handle.ts";
import { loadRouter } from "../api/load-router.ts";
import type { Clock } from "../core/clock.ts";
import { randomId, type Random } from "../core/random.ts";
import type { CallTarget, OutgoingCall, ValueCall, ValueObserver } from "../model/call.ts";
import type { Notifications } from "../protocol/control.ts";
import { CallClient } from "../router/call-client.ts";
import { FeedClient } from "../router/feed-client.ts";
import type { ControlLink } from "../transport/control-link.ts";
import { socketTransport } from "../transport/socket-transport.ts";

/** The runtime of a driver. Without an instance its calls fail with what to do. */
export class DriverRuntime implements Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger = defaultRuntime.logger;
  readonly replica = undefined;
  #link: ControlLink | undefined;
  #feed: FeedClient | undefined;
  #calls: CallClient | undefined;

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.random = random;
  }

  startCall(call: ValueCall, observer: ValueObserver): OutgoingCall {
    return (this.#calls ?? defaultRuntime).startCall(call, observer);
  }

  /** A link to a head is up: the feed follows it. Called in the turn in which the link was made. */
  follow(link: ControlLink): void {
    this.#link = link;
    link.onNotify((topic, body) => {
      if (topic === "feed") this.#feed?.receive(link, (body as Notifications["feed"]).changes);
    });
    this.#feed?.connected(link);
  }

  /** An instance is there, and linked to: its replicas are reached with its token. */
  attach(token: string): void {
    const transport = socketTransport(token, this.clock);
    const identity = { role: "driver", id: `driver-${randomId(this.random, 6)}`, epoch: 0 } as const;
    const feed = new FeedClient({ targets: (targets) => calls.applyTargets(targets) });
    const calls = new CallClient({
      clock: this.clock,
      random: this.random,
      logger: this.logger,
      handles: { refOf: handleRefOf, revive: (ref) => createHandle(ref, this) },
      loadRouter,
      dial: (address) => transport.dial(address, identity),
      want: (key) => feed.want(key),
      reportScaling: (report) => this.#link?.notify("scaling.report", report),
    });
    this.#feed = feed;
    this.#calls = calls;
    if (this.#link !== undefined) feed.connected(this.#link);
  }

  /** The instance is gone: calls under way fail. */
  detach(): void {
    this.#calls?.close();
    this.#calls = undefined;
    this.#feed = undefined;
    this.#link = undefined;
  }

  /** Subscribes to a deployment, so that its targets are here before an answer that depends on them. */
  prepare(target: CallTarget): void {
    this.#calls?.prepare(target);
  }
}
