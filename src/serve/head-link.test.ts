import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { seededRandom } from "../core/random.ts";
import { ControlLink } from "../transport/control-link.ts";
import { MemoryTransport } from "../transport/memory-transport.ts";
import { HeadLink } from "./head-link.ts";

const ADDRESS = { kind: "memory", name: "head" } as const;

/** A head that can be killed and started again, with the answers of `answer`. */
function setUp(answer: (method: string, links: number, body: unknown) => unknown) {
  const clock = new ManualClock();
  const transport = new MemoryTransport(clock);
  const links: ControlLink[] = [];
  const made: ControlLink[] = [];
  const door = { name: "the head", dial: () => transport.dial(ADDRESS, { role: "driver", id: "d", epoch: 0 }) };
  const head = new HeadLink(door, (link) => void made.push(link), clock, seededRandom(1));
  const start = () =>
    transport.listen(ADDRESS, { role: "head", id: "head", epoch: 0 }, (connection) => {
      const link = new ControlLink(connection, clock);
      links.push(link);
      const count = links.length;
      link.onRequest((method, body) => answer(method, count, body));
    });
  return { clock, head, start, links, made };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe("HeadLink", () => {
  it("says whether a head answers, without waiting for one", async () => {
    const { head, start, clock } = setUp(() => null);
    expect(await head.tryOpen()).toBe(false);
    await start();
    const opening = head.tryOpen();
    await clock.advance(0);
    expect(await opening).toBe(true);
  });

  it("finds a head that starts later, and stops looking when told to", async () => {
    const { head, start, clock } = setUp(() => null);
    const giveUp = new AbortController();
    const opening = head.open(giveUp.signal);
    await clock.advance(100);
    await start();
    await clock.advance(5);
    expect(await opening).toBe(true);

    const other = setUp(() => null);
    const looking = other.head.open(giveUp.signal);
    giveUp.abort();
    expect(await looking).toBe(false);
  });

  it("asks the next head again when the link broke under a request (R1)", async () => {
    const { head, start, links, made, clock } = setUp((method, count) =>
      count === 1 ? never() : `${method} by ${count}`,
    );
    await start();
    const asked = (async () => {
      await head.tryOpen();
      return head.request("status", null);
    })();
    await clock.advance(0);
    links[0]?.close("killed");
    await clock.advance(10);
    expect(await asked).toBe("status by 2");
    expect(made).toHaveLength(2);
  });

  it("asks again with the same id, by which the next head knows the order; another order has another (R1)", async () => {
    const ids: unknown[] = [];
    const { head, start, links, clock } = setUp((_, count, body) => {
      ids.push((body as { orderId?: string }).orderId);
      return count === 1 ? never() : null;
    });
    await start();
    const order = { applications: [], wait: true };
    const asked = head.tryOpen().then(() => head.request("deploy", order));
    await clock.advance(0);
    links[0]?.close("killed");
    await clock.advance(10);
    await asked;
    await head.request("deploy", order);
    expect(ids).toEqual([expect.stringMatching(/^[a-z0-9]{16}$/), ids[0], expect.not.stringMatching(String(ids[0]))]);
  });

  it("passes the head's own errors on, its ENGINE errors too", async () => {
    const { head, start, clock } = setUp(() => {
      throw new ServeError("ENGINE", "port 8000 is taken");
    });
    await start();
    const asked = head.tryOpen().then(() => head.request("ready", null));
    const refusal = asked.catch((error: unknown) => error);
    await clock.advance(0);
    expect(await refusal).toMatchObject({ code: "ENGINE", message: "port 8000 is taken" });
  });

  it("gives up a request when no head comes back (R1)", async () => {
    const { head, start, links, clock } = setUp(() => never());
    const listener = await start();
    const asked = head.tryOpen().then(() => head.request("status", null));
    const refusal = asked.catch((error: unknown) => error);
    await clock.advance(0);
    await listener.close();
    links[0]?.close("killed");
    await clock.advance(10_000);
    expect(await refusal).toMatchObject({ code: "ENGINE", message: expect.stringContaining("none came within 10 s") });
  });

  it("takes an application that is gone for deleted when the head changed meanwhile", async () => {
    const { head, start, links, clock } = setUp((_, count) => {
      if (count === 1) return never();
      throw new ServeError("APPLICATION_NOT_FOUND", "no such application");
    });
    await start();
    const deleted = head.tryOpen().then(() => head.deleteApplication("shop"));
    await clock.advance(0);
    links[0]?.close("killed");
    await clock.advance(10);
    await deleted;
    await expect(head.deleteApplication("shop")).rejects.toMatchObject({ code: "APPLICATION_NOT_FOUND" });
  });

  it("dials nobody after a shutdown (R3)", async () => {
    const { head, start, links, clock } = setUp(() => null);
    await start();
    const ended = head.tryOpen().then(() => head.shutdown());
    await clock.advance(0);
    links[0]?.close("ended");
    await clock.advance(5000);
    await ended;
    expect(links).toHaveLength(1);
    await expect(head.request("status", null)).rejects.toMatchObject({ message: expect.stringContaining("has ended") });
  });
});
