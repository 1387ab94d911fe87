// Hostile bytes at the HTTP door (RT7): what is answered, what reaches an application, and that the connection ends where
// it is in doubt where the next request begins.
import { afterEach, describe, expect, it } from "vitest";
import { type Door, type DoorOptions, type FakeCall, openDoor, type RawClient, waitUntil } from "./http-door.ts";

let opened: Door | undefined;
afterEach(async () => {
  await opened?.[Symbol.asyncDispose]();
  opened = undefined;
});

const pathOf = ({ call }: FakeCall): string => `${call.verb} ${new URL(call.url).pathname.slice(0, 9)}`;

/** Answers with what it got, when it has got all of it. */
function echo(fake: FakeCall): void {
  if (fake.cancelled !== undefined) return;
  if (fake.call.bodyFollows && !fake.ended) setImmediate(() => echo(fake));
  else fake.answer(`<${pathOf(fake)}${fake.text === "" ? "" : ` ${fake.text}`}>`);
}

const open = async (options: DoorOptions = {}): Promise<Door> =>
  (opened = await openDoor({ handler: echo, ...options }));
const statusesOf = ({ text }: RawClient): string =>
  [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, code]) => code).join();
const bodiesOf = ({ text }: RawClient): string => [...text.matchAll(/<([^>]*)>/g)].map(([, body]) => body).join();

const h = "host: h\r\n";
/** A whole request that follows the one that is tried; it ends the connection. */
const next = `GET /next HTTP/1.1\r\n${h}connection: close\r\n\r\n`;
const hidden = `GET /hidden HTTP/1.1\r\n${h}\r\n`;
const post = (headers: string, body = "") => `POST /p HTTP/1.1\r\n${h}${headers}\r\n\r\n${body}${next}`;
const get = (header: string) => `GET /p HTTP/1.1\r\n${h}${header}\r\n\r\n${next}`;
const chunks = (body: string) => post("transfer-encoding: chunked", body);
const coded = (coding: string, body = "0\r\n\r\n") => post(`transfer-encoding: ${coding}`, body);
const line = (requestLine: string) => `${requestLine}\r\n${h}\r\n${next}`;
const BOTH = "200,200";

/** Name, bytes, statuses of all answers, bodies of those by the application. */
type Vector = [name: string, raw: string, statuses: string, bodies?: string];

async function tryOut([, raw, statuses, bodies = ""]: Vector): Promise<void> {
  const door = await open();
  const client = door.send(raw);
  await client.closed;
  expect([statusesOf(client), bodiesOf(client)]).toEqual([statuses, bodies]);
  const answered = door.calls.filter(({ cancelled }) => cancelled === undefined);
  expect(answered.map(pathOf).toSorted().join()).toBe(
    bodies
      .replaceAll(/( \/\w*) \w+/g, "$1")
      .split(",")
      .toSorted()
      .join(),
  );
  expect(door.server.ongoing).toBe(0);
}

describe("lengths that contradict or cannot be read", () => {
  const vectors: Vector[] = [
    ["the same twice", post("content-length: 2\r\ncontent-length: 2", "ab"), "400"],
    ["two different", post("content-length: 2\r\ncontent-length: 3", "ab"), "400"],
    ["a list of the same", post("content-length: 2, 2", "ab"), "400"],
    ["a plus", post("content-length: +2", "ab"), "400"],
    ["a minus", post("content-length: -2", "ab"), "400"],
    ["hexadecimal", post("content-length: 0x2", "ab"), "400"],
    ["empty", post("content-length:", "ab"), "400"],
    ["a word", post("content-length: two", "ab"), "400"],
    ["more than fits", post("content-length: 99999999999999999999999", "ab"), "400"],
    ["two numbers", post("content-length: 1 2", "ab"), "400"],
    ["a space before the colon", post("content-length : 2", "ab"), "400"],
    ["a name that is nearly it", post("content_length: 2"), BOTH, "POST /p,GET /next"],
    ["leading zeros", post("content-length: 0002", "ab"), BOTH, "POST /p ab,GET /next"],
    ["of a GET that hides a request", `GET /p HTTP/1.1\r\n${h}content-length: ${hidden.length}\r\n\r\n${hidden}${next}`, BOTH, "GET /p,GET /next"],
  ]; // prettier-ignore
  it.each(vectors)("%s", async (...vector) => tryOut(vector));
});

describe("lengths and chunks together, and other codings", () => {
  const vectors: Vector[] = [
    ["length, then chunks", post("content-length: 4\r\ntransfer-encoding: chunked", "0\r\n\r\n"), "400"],
    ["chunks, then length", post("transfer-encoding: chunked\r\ncontent-length: 4", "0\r\n\r\n"), "400"],
    ["a length of 0 and chunks", post("content-length: 0\r\ntransfer-encoding: chunked", "0\r\n\r\n"), "400"],
    ["chunked twice", post("transfer-encoding: chunked\r\ntransfer-encoding: chunked", "0\r\n\r\n"), "400"],
    ["a list of chunked", coded("chunked, chunked"), "400"],
    ["identity", coded("identity", ""), "400"],
    ["gzip alone", coded("gzip", "ab"), "400"],
    ["gzip in chunks", coded("gzip, chunked"), "501"],
    ["chunked before gzip", coded("chunked, gzip"), "400"],
    ["xchunked", coded("xchunked"), "400"],
    ["in quotes", coded('"chunked"'), "400"],
    ["with a parameter", coded("chunked;q=1"), "400"],
    ["empty", coded("", ""), "400"],
    ["behind a vertical tab", coded("\x0bchunked"), "400"],
    ["behind a tab", coded("\tchunked"), BOTH, "POST /p,GET /next"],
    ["in capitals", coded("CHUNKED"), BOTH, "POST /p,GET /next"],
    ["folded", post("transfer-encoding:\r\n chunked", "0\r\n\r\n"), "400"],
    ["a space before the colon", post("transfer-encoding : chunked", "0\r\n\r\n"), "400"],
    ["in HTTP/1.0", `POST /p HTTP/1.0\r\n${h}connection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${next}`, "400"],
  ]; // prettier-ignore
  it.each(vectors)("%s", async (...vector) => tryOut(vector));
});

describe("chunks", () => {
  const last = "\r\n0\r\n\r\n";
  const vectors: Vector[] = [
    ["an extension", chunks(`2;a=b\r\nab${last}`), BOTH, "POST /p ab,GET /next"],
    ["an extension with a line break in quotes", chunks(`2;a="\r\n"\r\nab${last}`), "400"],
    ["an extension that ends in LF", chunks(`2;a\nab${last}`), "400"],
    ["an extension above the limit", chunks(`2;${"a".repeat(20_000)}\r\nab${last}`), "413"],
    ["a size that ends in LF", chunks(`2\nab${last}`), "400"],
    ["a size that ends in CR", chunks(`2\rab${last}`), "400"],
    ["data longer than its size", chunks(`2\r\nabc${last}`), "400"],
    ["data that ends in LF", chunks("2\r\nab\n0\r\n\r\n"), "400"],
    ["a size with 0x", chunks(`0x2\r\nab${last}`), "400"],
    ["a negative size", chunks(`-2\r\nab${last}`), "400"],
    ["a size with a plus", chunks(`+2\r\nab${last}`), "400"],
    ["a size behind a space", chunks(` 2\r\nab${last}`), "400"],
    ["a size before a space", chunks(`2 \r\nab${last}`), "400"],
    ["no size", chunks(`\r\nab${last}`), "400"],
    ["a size above 64 bits", chunks(`fffffffffffffffff\r\nab${last}`), "400"],
    ["leading zeros", chunks(`${"0".repeat(40)}2\r\nab${last}`), BOTH, "POST /p ab,GET /next"],
    ["trailers", chunks("2\r\nab\r\n0\r\nx: y\r\n\r\n"), BOTH, "POST /p ab,GET /next"],
    ["a length among the trailers", chunks("2\r\nab\r\n0\r\ncontent-length: 9\r\n\r\n"), "400"],
    ["folded trailers", chunks("0\r\nx: y\r\n z\r\n\r\n"), "400"],
    ["trailers above the limit", chunks(`0\r\nx: ${"y".repeat(20_000)}\r\n\r\n`), "431"],
    ["a request among the trailers", chunks(`0\r\n${hidden}\r\n`), "400"],
  ]; // prettier-ignore
  it.each(vectors)("%s", async (...vector) => tryOut(vector));
});

describe("header lines", () => {
  const vectors: Vector[] = [
    ["folded by a space", get("x: a\r\n b"), "400"],
    ["folded by a tab", get("x: a\r\n\tb"), "400"],
    ["folded onto the request line", `GET /p HTTP/1.1\r\n x: a\r\n${h}\r\n${next}`, "400"],
    ["that end in LF", `GET /p HTTP/1.1\nhost: h\n\n${next}`, "400"],
    ["one that ends in LF", get("x: a\ny: b"), "400"],
    ["that end in CR", `GET /p HTTP/1.1\rhost: h\r\r${next}`, "400"],
    ["a blank line that is LF", `GET /p HTTP/1.1\r\n${h}\n${next}`, "400"],
    ["CR in a value", get("x: a\rb"), "400"],
    ["NUL in a value", get("x: a\0b"), "400"],
    ["NUL in a name", get("x\0y: b"), "400"],
    ["a control character in a value", get("x: a\x01b"), "400"],
    ["DEL in a value", get("x: a\x7Fb"), "400"],
    ["a tab in a value", get("x: a\tb"), BOTH, "GET /p,GET /next"],
    ["Latin-1 in a value", get("x: a\xE9b"), BOTH, "GET /p,GET /next"],
    ["no name", get(": b"), "400"],
    ["no colon", get("novalue"), "400"],
    ["a space in the name", get("a b: c"), "400"],
    ["a bracket in the name", get("a(b: c"), "400"],
    ["two hosts", `GET /p HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n${next}`, "400"],
    ["an empty host", `GET /p HTTP/1.1\r\nhost:\r\n\r\n${next}`, "400"],
    ["a list of hosts", `GET /p HTTP/1.1\r\nhost: a, b\r\n\r\n${next}`, "400"],
    ["a host with a path", `GET /p HTTP/1.1\r\nhost: a/b\r\n\r\n${next}`, "400"],
    ["a host with a user", `GET /p HTTP/1.1\r\nhost: u@a\r\n\r\n${next}`, "400"],
    ["many", get("a: b\r\n".repeat(1500) + "c: d"), BOTH, "GET /p,GET /next"],
    ["too many", get("abcdef: b\r\n".repeat(4000) + "c: d"), "431"],
    ["one just below the limit", get(`x: ${"y".repeat(16_000)}`), BOTH, "GET /p,GET /next"],
    ["one just above the limit", get(`x: ${"y".repeat(16_384)}`), "431"],
  ]; // prettier-ignore
  it.each(vectors)("%s", async (...vector) => tryOut(vector));
});

describe("request lines and other protocols", () => {
  const vectors: Vector[] = [
    ["NUL in the target", line("GET /p\0q HTTP/1.1"), "400"],
    ["a space in the target", line("GET /p q HTTP/1.1"), "400"],
    ["tabs", line("GET\t/p\tHTTP/1.1"), "400"],
    ["a space at the end", line("GET /p HTTP/1.1 "), "400"],
    ["a space at the beginning", line(" GET /p HTTP/1.1"), "400"],
    ["lower case", line("get /p HTTP/1.1"), "400"],
    ["a byte order mark", line("\xEF\xBB\xBFGET /p HTTP/1.1"), "400"],
    ["blank lines before it", line("\r\n\r\nGET /p HTTP/1.1"), BOTH, "GET /p,GET /next"],
    ["a target just below the limit", line(`GET /${"y".repeat(16_000)} HTTP/1.1`), BOTH, "GET /yyyyyyyy,GET /next"],
    ["HTTP/0.9", "GET /p\r\n\r\n", "505"],
    ["HTTP/0.9 by name", "GET /p HTTP/0.9\r\n\r\n", "505"],
    ["HTTP/1.2", line("GET /p HTTP/1.2"), "400"],
    ["HTTP/2.0", line("GET /p HTTP/2.0"), "505"],
    ["HTTP/11", line("GET /p HTTP/11"), "400"],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "400"],
    ["a TLS hello", "\x16\x03\x01\x02\0\x01\0\x01\xFC\x03\x03\0\0\0\0\0\0", "400"],
    ["SSH", "SSH-2.0-OpenSSH_9.6\r\n", "400"],
    ["a PROXY line", `PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n${hidden}`, "400"],
    ["another host in the target", line("GET http://other/p HTTP/1.1"), BOTH, "GET /p,GET /next"],
    ["a request behind the last one", `GET /p HTTP/1.1\r\n${h}connection: close\r\n\r\n${hidden}`, "200", "GET /p"],
  ]; // prettier-ignore
  it.each(vectors)("%s", async (...vector) => tryOut(vector));
});

describe("handshakes of WebSockets", () => {
  const ask =
    "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n";
  const vectors: Vector[] = [
    ["without a host", `GET /p HTTP/1.1\r\n${ask}\r\n${next}`, "400"],
    ["with two hosts", `GET /p HTTP/1.1\r\n${h}${h}${ask}\r\n${next}`, "400"],
    ["in HTTP/1.0", `GET /p HTTP/1.0\r\n${h}${ask}\r\n${next}`, "400"],
    ["with a body", `GET /p HTTP/1.1\r\n${h}${ask}content-length: ${hidden.length}\r\n\r\n${hidden}${next}`, "400"],
    ["with a user in the target", `GET http://u@h/ HTTP/1.1\r\n${h}${ask}\r\n`, "400"],
    ["without a key", `GET /p HTTP/1.1\r\n${h}connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\r\n`, "400"],
    ["with a line that folds", `GET /p HTTP/1.1\r\n${h}${ask}x: a\r\n b\r\n\r\n`, "400"],
    ["with a protocol twice", `GET /p HTTP/1.1\r\n${h}${ask}sec-websocket-protocol: a, b, a\r\n\r\n`, "400"],
    ["with a protocol that has no name", `GET /p HTTP/1.1\r\n${h}${ask}sec-websocket-protocol: a,\r\n\r\n`, "400"],
  ]; // prettier-ignore
  it.each(vectors)("%s", async (...vector) => tryOut(vector));

  it("carry the request's id, accepted and refused (RT6)", async () => {
    const door = await open({ handler: (fake) => fake.head([], 101) });
    const accepted = door.send(`GET /p HTTP/1.1\r\n${h}${ask}x-request-id: r-1\r\n\r\n`);
    const refused = door.send(`GET /p HTTP/1.1\r\n${h}${ask}x-request-id: r-2\r\nsec-websocket-protocol: a, a\r\n\r\n`);
    await accepted.sees("HTTP/1.1 101 Switching Protocols\r\n");
    await accepted.sees("x-request-id: r-1\r\n");
    await refused.sees("x-request-id: r-2\r\n");
  });
});

describe("bodies", () => {
  const vectors: Vector[] = [
    ["of HEAD are dropped", `HEAD /p HTTP/1.1\r\n${h}content-length: 2\r\n\r\nab${next}`, BOTH, "GET /next"],
    ["are asked for", post("expect: 100-continue\r\ncontent-length: 2", "ab"), "100,200,200", "POST /p ab,GET /next"],
    ["that are none are asked for, too", get("expect: 100-continue"), "100,200,200", "GET /p,GET /next"],
    ["are not asked for in HTTP/1.0", `POST /p HTTP/1.0\r\n${h}expect: 100-continue\r\ncontent-length: 2\r\n\r\nab`, "200", "POST /p ab"],
    ["with an unknown expectation", post("expect: 200-ok\r\ncontent-length: 2", "ab"), "417"],
  ]; // prettier-ignore
  it.each(vectors)("%s", async (...vector) => {
    if (!vector[1].startsWith("HEAD")) return tryOut(vector);
    const client = (await open()).send(vector[1]);
    await client.closed;
    expect([statusesOf(client), bodiesOf(client)]).toEqual(vector.slice(2));
  });
});

describe("slow and half-closed clients", () => {
  it("headers that drip are cut off at the limit, however steadily they come", async () => {
    const door = await open({ limits: { headersTimeoutMs: 200 } });
    const client = door.send("GET / HTTP/1.1\r\nhost: h\r\n");
    const drip = setInterval(() => client.write("x: y\r\n"), 10);
    await client.closed;
    clearInterval(drip);
    expect(statusesOf(client)).toBe("408");
  });

  it("a connection that says nothing ends, and so does a kept one between requests", async () => {
    const door = await open({ limits: { headersTimeoutMs: 100 }, keepAliveTimeoutS: 0.1 });
    const [silent, kept] = [door.send(""), door.send(`GET /p HTTP/1.1\r\n${h}\r\n`)];
    await Promise.all([silent.closed, kept.closed]);
    expect([statusesOf(silent), statusesOf(kept)]).toEqual(["408", "200"]);
  });

  it("a body that drips goes on, one that stands still ends, and its call with it", async () => {
    const door = await open({ limits: { bodyIdleMs: 150 } });
    const head = `POST /p HTTP/1.1\r\n${h}content-length: 100000\r\n\r\n`;
    const [dripping, still] = [door.send(head), door.send(`${head}abc`)];
    const drip = setInterval(() => dripping.write("x"), 20);
    await still.closed;
    expect(statusesOf(still)).toBe("408");
    expect(dripping.isClosed).toBe(false);
    clearInterval(drip);
    await dripping.closed;
    expect(statusesOf(dripping)).toBe("408");
    await waitUntil(() => door.server.ongoing === 0);
    expect(door.calls.map(({ cancelled }) => cancelled)).toEqual(["caller cancelled", "caller cancelled"]);
  });

  it("a client that closes its side has left: its call is cancelled and the connection ends (Q5)", async () => {
    const door = await open({ handler: () => undefined });
    const client = door.send(`GET /p HTTP/1.1\r\n${h}\r\n`);
    const call = await door.call();
    client.socket.end();
    await client.closed;
    expect([call.cancelled, client.text]).toEqual(["client left", ""]);
  });

  it("a client that closes its side in the middle of a body leaves no call behind", async () => {
    const door = await open();
    const client = door.send(`POST /p HTTP/1.1\r\n${h}transfer-encoding: chunked\r\n\r\n5\r\nab`);
    const call = await door.call();
    client.socket.end();
    await client.closed;
    expect([call.cancelled, door.server.ongoing]).toEqual(["client left", 0]);
  });

  it("h2c is not spoken: a request that asks for it is answered as it is, and the connection goes on", async () => {
    const client = (await open()).send(
      `POST /p HTTP/1.1\r\n${h}connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMA\r\ncontent-length: 2\r\n\r\nab`,
    );
    await client.sees("<POST /p ab>");
    client.write(next);
    await client.closed;
    expect([statusesOf(client), bodiesOf(client)]).toEqual([BOTH, "POST /p ab,GET /next"]);
  });

  it("a hundred pipelined requests are answered in their order, whoever is quicker", async () => {
    const door = (opened = await openDoor());
    const client = door.send(Array.from({ length: 100 }, (_, i) => `GET /${i} HTTP/1.1\r\n${h}\r\n`).join(""));
    await door.call(99);
    for (const call of door.calls.toReversed()) call.answer(`<${new URL(call.call.url).pathname}>`);
    await client.sees("</99>");
    expect(bodiesOf(client)).toBe(Array.from({ length: 100 }, (_, i) => `/${i}`).join());
  });

  it("what a client pipelines beyond a thousand waits, and is answered in its turn", async () => {
    const door = (opened = await openDoor());
    const paths = Array.from({ length: 3000 }, (_, i) => `/${i}${"-".repeat(1000)}`);
    const client = door.send(paths.map((path) => `GET ${path} HTTP/1.1\r\n${h}\r\n`).join(""));
    await waitUntil(() => door.server.ongoing >= 1000);
    for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(door.server.ongoing).toBeLessThan(1200); // and what had come with the last one
    for (let i = 0; i < paths.length; i++) {
      const call = await door.call(i);
      call.answer(`<${parseInt(new URL(call.call.url).pathname.slice(1))}>`);
    }
    await client.sees("<2999>");
    expect(bodiesOf(client)).toBe(paths.map((_, i) => i).join());
  });

  it("a refusal is JSON for a client that asks for it", async () => {
    const headers = ["transfer-encoding: gzip, chunked", "accept: application/json"];
    const { statusLine, body } = await (await open()).ask("POST /p", headers, "0\r\n\r\n");
    expect(statusLine).toBe("HTTP/1.1 501 Not Implemented");
    expect(JSON.parse(body)).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });
});
