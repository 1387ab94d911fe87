import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { createLogger, silentLogger } from "../core/logger.ts";
import type { FeedChange } from "../protocol/control.ts";
import { ChangeFeed } from "./change-feed.ts";

const value = (prefix: string) => ({ routes: [{ prefix, application: "a", deployment: "D" }] });

function subscriber(feed: ChangeFeed, id: string, ...keys: string[]): FeedChange[] {
  const got: FeedChange[] = [];
  feed.connect(id, (changes) => got.push(...changes));
  feed.subscribe(id, keys);
  return got;
}

/** Whether a promise is settled once what is ready has run. */
async function isSettled(clock: ManualClock, promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await clock.advance(0);
  return settled;
}

describe("ChangeFeed", () => {
  it("pushes a value when it changed, and only then, with a growing version (R1)", () => {
    const feed = new ChangeFeed(silentLogger, new ManualClock(50));
    const got = subscriber(feed, "p", "routes");
    feed.set("routes", value("/a"));
    feed.set("routes", value("/a"));
    feed.set("routes", value("/b"));
    expect(got.map(({ version }) => version)).toEqual([51, 52]);
  });

  it("gives a new subscriber the present value, and nothing it did not ask for", () => {
    const feed = new ChangeFeed(silentLogger, new ManualClock());
    feed.set("routes", value("/a"));
    feed.set("other", value("/x"));
    const got = subscriber(feed, "p", "routes", "later");
    expect(got.map(({ key }) => key)).toEqual(["routes"]);
    feed.set("later", value("/c"));
    expect(got.map(({ key }) => key)).toEqual(["routes", "later"]);
  });

  it("knows when everyone has acknowledged, and forgets who left (R2)", async () => {
    const clock = new ManualClock();
    const feed = new ChangeFeed(silentLogger, clock);
    feed.set("routes", value("/a"));
    const [change] = subscriber(feed, "p", "routes");
    subscriber(feed, "q", "routes");
    const waiting = feed.whenAcknowledged(["routes"], ["p", "q", "nobody"]);
    feed.acknowledge("p", { routes: change?.version ?? 0 });
    expect(feed.isAcknowledged("routes")).toBe(false);
    expect(await isSettled(clock, waiting)).toBe(false);
    feed.disconnect("q");
    expect(feed.isAcknowledged("routes")).toBe(true);
    expect(await isSettled(clock, waiting)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("waits for the versions of the moment of the call only", async () => {
    const clock = new ManualClock();
    const feed = new ChangeFeed(silentLogger, clock);
    feed.set("routes", value("/a"));
    const got = subscriber(feed, "p", "routes");
    const waiting = feed.whenAcknowledged(["routes"], ["p"]);
    feed.set("routes", value("/b"));
    feed.acknowledge("p", { routes: got[0]?.version ?? 0 });
    expect(await isSettled(clock, waiting)).toBe(true);
    expect(feed.isAcknowledged("routes")).toBe(false);
  });

  it("waits for nobody who unsubscribed, and sends the value again to who subscribes anew", async () => {
    const clock = new ManualClock();
    const feed = new ChangeFeed(silentLogger, clock);
    feed.set("targets", value("/a"));
    const got = subscriber(feed, "p", "targets");
    const waiting = feed.whenAcknowledged(["targets"], ["p"]);
    feed.unsubscribe("p", ["targets"]);
    expect(feed.isAcknowledged("targets")).toBe(true);
    expect(await isSettled(clock, waiting)).toBe(true);
    feed.set("targets", value("/b"));
    expect(got).toHaveLength(1);
    feed.subscribe("p", ["targets"]);
    expect(got.at(-1)?.value).toEqual(value("/b"));
  });

  it("skips a subscriber that is silent for 10 s, with a warning (R3)", async () => {
    const clock = new ManualClock();
    const events: string[] = [];
    const feed = new ChangeFeed(
      createLogger(({ event }) => events.push(event)),
      clock,
    );
    feed.set("routes", value("/a"));
    subscriber(feed, "p", "routes");
    const waiting = feed.whenAcknowledged(["routes"], ["p"]);
    await clock.advance(9_999);
    expect(await isSettled(clock, waiting)).toBe(false);
    await clock.advance(1);
    expect(await isSettled(clock, waiting)).toBe(true);
    expect(events).toEqual(["feed.silent"]);
  });

  it("lets a link that dialled again take the place of the old one", () => {
    const feed = new ChangeFeed(silentLogger, new ManualClock());
    const old = subscriber(feed, "p", "routes");
    const fresh = subscriber(feed, "p", "routes");
    feed.set("routes", value("/a"));
    expect([old.length, fresh.length]).toEqual([0, 1]);
  });

  it("tells its meter what is sent, and how long the newest value took to be in effect", async () => {
    const clock = new ManualClock();
    const feed = new ChangeFeed(silentLogger, clock);
    const told: unknown[] = [];
    feed.measure({ sent: (key) => told.push(key), acknowledged: (key, ms) => told.push([key, ms]) });
    feed.set("routes", value("/a"));
    const got = subscriber(feed, "p", "routes");
    await clock.advance(5);
    feed.set("routes", value("/b"));
    const [first, second] = got.map(({ version }) => version);
    feed.acknowledge("p", { routes: first ?? 0 });
    await clock.advance(7);
    feed.acknowledge("p", { routes: second ?? 0 });
    feed.acknowledge("p", { routes: second ?? 0 });
    expect(told).toEqual(["routes", "routes", ["routes", 7]]);
    expect(feed.subscriptions().map((keys) => [...keys])).toEqual([["routes"]]);
  });
});
