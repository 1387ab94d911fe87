// Frames that no well-meaning client of HTTP/2 sends, byte by byte: the connection that they come over may end, nothing
// else does, and nothing stays.
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import path from "node:path";
import { text } from "node:stream/consumers";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/root.ts";
import { openDoor, waitUntil, type Door } from "./http-door.ts";

const fixture = (name: string): string => path.join(root, "tests/fixtures/tls", name);
const TLS = { sslCertfile: fixture("a.crt"), sslKeyfile: fixture("a.key") };
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const TYPE = { data: 0, headers: 1, priority: 2, reset: 3, settings: 4, ping: 6, windowUpdate: 8, continuation: 9 };
const END_STREAM = 1;
const END_HEADERS = 4;
/** `:method: POST`, `:scheme: https`, `:path: /`, `:authority: h` (RFC 7541, appendix A). */
const POST = Buffer.from([0x83, 0x87, 0x84, 0x41, 1, 0x68]);

let door: Door;
let attacker: TLSSocket;
let other: ClientHttp2Session;

/** One frame (RFC 9113 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const u32 = (value: number): Buffer =>
  Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const post = (stream: number, flags = END_HEADERS): Buffer => frame(TYPE.headers, flags, stream, POST);
const repeat = (count: number, make: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));

beforeEach(async () => {
  door = await openDoor(TLS);
  const options = { rejectUnauthorized: false, ALPNProtocols: ["h2"] };
  attacker = connectTls({ port: door.port, host: "127.0.0.1", ...options });
  attacker.on("error", () => undefined);
  attacker.resume();
  await once(attacker, "secureConnect");
  attacker.write(Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0)]));
  other = connect(`https://127.0.0.1:${door.port}`, options);
});

afterEach(async () => {
  attacker.destroy();
  other.destroy();
  await door[Symbol.asyncDispose]();
});

/** Another client is answered while, and after, the bytes come. */
async function sendWhileOthersAsk(bytes: Buffer): Promise<void> {
  const sent = new Promise<void>((resolve) => void attacker.write(bytes, () => resolve()));
  const ended = new Promise<void>((resolve) => void attacker.once("close", resolve));
  for (let i = 0; i < 5; i++) expect(await text(other.request({ ":path": "/-/healthz" }))).toBe("success");
  await Promise.race([sent, ended]);
  expect(await text(other.request({ ":path": "/-/healthz" }))).toBe("success");
}

describe("a flood ends the connection that it comes over", () => {
  it.each([
    [
      "streams that are opened and reset",
      repeat(5000, (i) => Buffer.concat([post(2 * i + 1), frame(TYPE.reset, 0, 2 * i + 1, u32(8))])),
    ],
    [
      "headers that never end",
      Buffer.concat([post(1, 0), repeat(2000, () => frame(TYPE.continuation, 0, 1, Buffer.alloc(16_384, 0x82)))]),
    ],
    ["frames on streams that were never opened", repeat(5000, (i) => frame(TYPE.windowUpdate, 0, 2 * i + 1, u32(1)))],
    ["bytes that are no frames", Buffer.alloc(100_000, 0xff)],
  ])("%s", async (_what, bytes) => {
    await sendWhileOthersAsk(bytes);
    await waitUntil(() => attacker.destroyed);
    await waitUntil(() => door.server.ongoing === 0);
    expect(door.calls.every(({ cancelled }) => cancelled === "client left")).toBe(true);
    expect(door.calls.length).toBeLessThan(2500);
  });
});

describe("what else a client may flood with disturbs nobody", () => {
  it.each([
    ["pings", repeat(50_000, () => frame(TYPE.ping, 0, 0, Buffer.alloc(8)))],
    ["settings", repeat(50_000, () => frame(TYPE.settings, 0, 0))],
    ["priorities", repeat(50_000, (i) => frame(TYPE.priority, 0, 2 * (i % 1000) + 1, Buffer.from([0, 0, 0, 0, 1])))],
    ["pieces of a body that are empty", Buffer.concat([post(1), repeat(50_000, () => frame(TYPE.data, 0, 1))])],
    ["streams above the limit", repeat(1000, (i) => post(2 * i + 1, END_HEADERS | END_STREAM))],
  ])("%s", async (_what, bytes) => {
    await sendWhileOthersAsk(bytes);
    expect(door.calls.length).toBeLessThanOrEqual(128);
    attacker.destroy();
    await waitUntil(() => door.server.ongoing === 0);
  });
});

it("a body that is reset without an error is not taken for a whole one", async () => {
  attacker.write(Buffer.concat([post(1), frame(TYPE.data, 0, 1, Buffer.from("half"))]));
  const fake = await door.call();
  await waitUntil(() => fake.receivedBytes === 4);
  attacker.write(frame(TYPE.reset, 0, 1, u32(0)));
  await waitUntil(() => fake.cancelled !== undefined);
  expect([fake.cancelled, fake.ended]).toEqual(["client left", false]);
});
