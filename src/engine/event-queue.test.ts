import { describe, expect, it } from "vitest";
import type { EngineEvent } from "./engine.ts";
import { EventQueue } from "./event-queue.ts";

const up = (detail: string): EngineEvent => ({ type: "engine", state: "up", detail });

describe("EventQueue", () => {
  it("keeps events that came before the consumer, in order", async () => {
    const queue = new EventQueue();
    const stop = new AbortController();
    queue.push(up("a"));
    queue.push(up("b"));
    const seen: EngineEvent[] = [];
    for await (const event of queue.consume(stop.signal)) {
      seen.push(event);
      if (seen.length === 2) queue.push(up("c"));
      if (seen.length === 3) stop.abort();
    }
    expect(seen).toEqual([up("a"), up("b"), up("c")]);
  });

  it("ends a consumer that waits when the signal aborts, and leaves later events for the next one", async () => {
    const queue = new EventQueue();
    const first = new AbortController();
    const waiting = queue.consume(first.signal).next();
    first.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    queue.push(up("late"));
    expect((await queue.consume(new AbortController().signal).next()).value).toEqual(up("late"));
  });
});
