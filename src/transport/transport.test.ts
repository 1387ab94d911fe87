import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { FRAME } from "../protocol/frame.ts";
import type { ByteChannel, ChannelEvents } from "./byte-channel.ts";
import { ChunkSender, CreditKeeper, WINDOW_BYTES } from "./chunk-stream.ts";
import type { Connection } from "./connection.ts";
import { ControlLink } from "./control-link.ts";
import { acceptHandshake, dialHandshake } from "./handshake.ts";
import { IncomingBody } from "./incoming-body.ts";
import { MemoryTransport } from "./memory-transport.ts";

const ADDRESS = { kind: "memory", name: "door" } as const;
const HEAD = { role: "head", id: "head", epoch: 0 } as const;
const REPLICA = { role: "replica", id: "r1", epoch: 2 } as const;

async function pair(
  clock = new ManualClock(),
): Promise<{ dialed: Connection; accepted: Connection; clock: ManualClock }> {
  const transport = new MemoryTransport(clock);
  const accepted = Promise.withResolvers<Connection>();
  await transport.listen(ADDRESS, HEAD, accepted.resolve);
  const dialed = await transport.dial(ADDRESS, REPLICA);
  return { dialed, accepted: await accepted.promise, clock };
}

/** Two ends that keep what they are given until the test moves it. */
function wire(): [ByteChannel, ByteChannel] {
  const ends: { events?: ChannelEvents; early: Uint8Array[] }[] = [{ early: [] }, { early: [] }];
  const channel = (own: number): ByteChannel => {
    const [mine, peer] = [ends[own], ends[1 - own]] as [(typeof ends)[0], (typeof ends)[0]];
    const close = (reason: string): void => {
      queueMicrotask(() => {
        peer.events?.onClose(reason);
        mine.events?.onClose(reason);
      });
    };
    return {
      open(events) {
        mine.events = events;
        for (const bytes of mine.early.splice(0)) queueMicrotask(() => events.onData(bytes));
      },
      write: (pieces) => {
        if (peer.events === undefined) peer.early.push(...pieces);
        else for (const bytes of pieces) queueMicrotask(() => peer.events?.onData(bytes));
        return false;
      },
      end: () => close("ended"),
      destroy: close,
      setKeepsAlive: () => undefined,
      atTurnEnd: queueMicrotask,
    };
  };
  return [channel(0), channel(1)];
}

describe("the handshake", () => {
  it("tells each side who the other is", async () => {
    const { dialed, accepted } = await pair();
    expect(dialed.peer).toMatchObject({ role: "head", id: "head" });
    expect(accepted.peer).toMatchObject({ role: "replica", id: "r1", epoch: 2 });
  });

  it("refuses a dialer that does not know the token, and says so", async () => {
    const [a, b] = wire();
    const clock = new ManualClock();
    const accepting = acceptHandshake(a, HEAD, "right", () => undefined, clock);
    await expect(dialHandshake(b, REPLICA, "wrong", clock)).rejects.toMatchObject({
      code: "PROTOCOL",
      message: expect.stringContaining("token"),
    });
    expect(await accepting).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it("tells an acceptor that died from one that refused: only a refusal is final (K1)", async () => {
    const [a, b] = wire();
    const clock = new ManualClock();
    const dialing = dialHandshake(b, REPLICA, "token", clock);
    a.open({ onData: () => undefined, onClose: () => undefined });
    a.destroy("killed");
    await expect(dialing).rejects.toMatchObject({ code: "ENGINE", message: "handshake failed: killed" });
  });

  it("passes on the reason of an acceptor that refuses the peer", async () => {
    const transport = new MemoryTransport(new ManualClock());
    await transport.listen(
      ADDRESS,
      HEAD,
      () => undefined,
      ({ id, epoch }) => `${id} of epoch ${epoch} has ended`,
    );
    await expect(transport.dial(ADDRESS, REPLICA)).rejects.toMatchObject({
      message: expect.stringContaining("r1 of epoch 2 has ended"),
    });
  });

  it("drops a peer that is silent for 5 s (R3)", async () => {
    const clock = new ManualClock();
    const accepting = acceptHandshake(wire()[0], HEAD, "t", () => undefined, clock);
    await clock.advance(5000);
    expect(await accepting).toBeUndefined();
  });

  it("drops a peer that sends garbage or too much before HELLO (R2)", async () => {
    for (const bytes of [new Uint8Array(5000).fill(1), new Uint8Array([255, 255, 255, 255, 3])]) {
      const [a, b] = wire();
      const accepting = acceptHandshake(a, HEAD, "t", () => undefined, new ManualClock());
      b.open({ onData: () => undefined, onClose: () => undefined });
      b.write([bytes]);
      expect(await accepting).toBeUndefined();
    }
  });
});

describe("a connection", () => {
  it("joins the pieces of one turn into one chunk", async () => {
    const { dialed, accepted } = await pair();
    const frames: [number, string][] = [];
    accepted.attach(
      (type, _id, payload) => void frames.push([type, new TextDecoder().decode(payload.subarray(3))]),
      () => undefined,
    );
    const sender = new ChunkSender(dialed, 7, 0, () => undefined);
    for (const piece of ["a", "b", "c"]) sender.sendText(piece);
    sender.end(() => 0);
    await Promise.resolve().then(() => undefined);
    await new ManualClock().advance(0);
    expect(frames.map(([type]) => type)).toEqual([FRAME.chunk, FRAME.end]);
    expect(frames[0]?.[1]).toBe("abc");
  });

  it("closes on a frame type that a peer of its own version cannot mean (R2)", async () => {
    const { dialed, accepted } = await pair();
    dialed.signal(99, 0);
    expect((await accepted.closed).reason).toContain("unknown frame type 99");
  });

  it("tells its owner once when it ends", async () => {
    const { dialed, accepted } = await pair();
    const reasons: string[] = [];
    accepted.attach(
      () => undefined,
      (reason) => void reasons.push(reason),
    );
    dialed.close("CLOSED", "done");
    dialed.close("CLOSED", "again");
    await accepted.closed;
    expect(reasons).toHaveLength(1);
  });
});

describe("chunk streams", () => {
  it("stop at the window and go on with the credit of a reader (R1, R2, R3)", async () => {
    const { dialed, accepted, clock } = await pair();
    let received = 0;
    accepted.attach(
      (type, _id, payload) => void (received += type === FRAME.chunk ? payload.length - 3 : 0),
      () => undefined,
    );
    let wakes = 0;
    const sender = new ChunkSender(dialed, 1, 0, () => void wakes++);
    dialed.attach(
      (type, _id, payload) =>
        type === FRAME.credit && sender.grant(new DataView(payload.buffer, payload.byteOffset).getUint32(2, true)),
      () => undefined,
    );
    let sent = 0;
    while (sender.send(new Uint8Array(10_000))) sent += 10_000;
    await clock.advance(0);
    expect(received).toBeLessThanOrEqual(WINDOW_BYTES + 64 * 1024);
    expect(sent).toBeGreaterThan(WINDOW_BYTES - 20_000);
    new CreditKeeper(accepted, 1, 0).consumed(received);
    await clock.advance(0);
    expect(wakes).toBe(1);
    expect(sender.writable).toBe(true);
  });

  it("a body that is not read gives no credit back, a cancelled one gives all (R1, R2)", async () => {
    let credit = 0;
    const keeper = { consumed: (bytes: number) => void (credit += bytes) } as CreditKeeper;
    const body = new IncomingBody(keeper, new Uint8Array(10));
    body.push(new Uint8Array(100));
    expect(credit).toBe(0);
    const reader = body.stream.getReader();
    await reader.read();
    expect(credit).toBe(0);
    await reader.cancel();
    expect(credit).toBe(100);
    body.push(new Uint8Array(5));
    expect(credit).toBe(105);
  });

  it("a body that breaks gives out what came, then fails", async () => {
    const body = new IncomingBody(undefined);
    body.push(new Uint8Array([1]));
    body.fail(new ServeError("BAD_REQUEST", "the client left"));
    const reader = body.stream.getReader();
    expect((await reader.read()).value).toEqual(new Uint8Array([1]));
    await expect(reader.read()).rejects.toThrow("the client left");
  });
});

describe("a control link", () => {
  async function links() {
    const { dialed, accepted, clock } = await pair();
    return { a: new ControlLink(dialed, clock), b: new ControlLink(accepted, clock), clock };
  }
  type Words = { twice: { in: number; out: number }; fail: { in: null; out: null }; never: { in: null; out: null } };

  it("answers requests, both ways", async () => {
    const { a, b } = await links();
    b.onRequest((_method, body) => (body as number) * 2);
    a.onRequest((_method, body) => (body as number) * 20);
    expect(await a.request<Words, "twice">("twice", 4)).toBe(8);
    expect(await b.request<Words, "twice">("twice", 4)).toBe(80);
  });

  it("passes an error on with code and details, and lives on (R2)", async () => {
    const { a, b } = await links();
    b.onRequest((method, body) => {
      if (method === "fail") throw new ServeError("DEPLOY_FAILED", "no", { line: 3 });
      return body;
    });
    await expect(a.request<Words, "fail">("fail", null)).rejects.toMatchObject({
      code: "DEPLOY_FAILED",
      details: { line: 3 },
    });
    expect(await a.request<Words, "twice">("twice", 1)).toBe(1);
  });

  it("answers with SERIALIZATION when the answer, or the question, cannot cross, and lives on (R3)", async () => {
    const { a, b } = await links();
    b.onRequest((method, body) => (method === "fail" ? { deep: [() => 1] } : body));
    await expect(a.request<Words, "fail">("fail", null)).rejects.toMatchObject({ code: "SERIALIZATION" });
    await expect(a.request<Words, "twice">("twice", (() => 1) as never)).rejects.toMatchObject({
      code: "SERIALIZATION",
    });
    expect(() => a.notify("feed", { changes: [Symbol("s")] } as never)).toThrow("symbol");
    expect(await a.request<Words, "twice">("twice", 1)).toBe(1);
  });

  it("ends every open request when the link ends, and each at its time limit (R1)", async () => {
    const { a, b, clock } = await links();
    b.onRequest(() => new Promise(() => undefined));
    const limited = a.request<Words, "never">("never", null, { timeoutMs: 100 });
    const open = a.request<Words, "never">("never", null);
    const failures = [limited, open].map((request) =>
      request.then(
        () => "answered",
        (error: Error) => error.message,
      ),
    );
    await clock.advance(100);
    expect(await failures[0]).toContain("within 100 ms");
    b.close("bye");
    expect(await failures[1]).toContain("went away");
    await expect(a.request<Words, "never">("never", null)).rejects.toThrow("is closed");
  });

  it("hears the peer's heartbeat", async () => {
    const { a, clock } = await links();
    a.startHeartbeat(1000);
    const before = a.lastHeardMs;
    await clock.advance(3000);
    expect(a.lastHeardMs).toBeGreaterThan(before);
    a.close("done");
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });
});
