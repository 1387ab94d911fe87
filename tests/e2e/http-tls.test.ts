// HTTPS at the proxy: certificates from files, new ones while it runs, and what is refused (reference 2.2).
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get, type RequestOptions } from "node:https";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/root.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { ServeError } from "../../src/core/errors.ts";
import { openDoor, waitUntil, type Door, type DoorOptions, type FakeCall } from "./http-door.ts";

const fixture = (name: string): string => path.join(root, "tests/fixtures/tls", name);
const pair = (name: string) => ({ sslCertfile: fixture(`${name}.crt`), sslKeyfile: fixture(`${name}.key`) });
const echo = (fake: FakeCall): void => fake.answer(fake.call.url);

let opened: Door | undefined;
let folder: string;
const open = async (options: DoorOptions): Promise<Door> => (opened = await openDoor({ handler: echo, ...options }));

beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), "manta-tls-"))));

afterEach(async () => {
  await opened?.[Symbol.asyncDispose]();
  opened = undefined;
  rmSync(folder, { recursive: true });
});

/** Status and body of one request, and who the server said it was. */
function ask(
  door: Door,
  own: RequestOptions = {},
): Promise<{ status: number | undefined; body: string; name: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: door.port, rejectUnauthorized: false, agent: false, path: "/a?b=1" };
    get({ ...options, ...own }, (response) => {
      const name = String((response.socket as TLSSocket).getPeerCertificate().subject.CN);
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode, body, name }));
    }).on("error", reject);
  });
}

describe("a certificate", () => {
  it("makes the proxy speak HTTPS, and the application sees an https URL", async () => {
    const door = await open(pair("a"));
    const { status, body, name } = await ask(door);
    expect([status, name]).toEqual([200, "manta-test-a"]);
    expect(body).toBe(`https://127.0.0.1:${door.port}/a?b=1`);
  });

  it("may have a key with a password", async () => {
    const key = { sslKeyfile: fixture("b-encrypted.key"), sslKeyfilePassword: "test-only" };
    expect((await ask(await open({ ...pair("b"), ...key }))).name).toBe("manta-test-b");
  });

  it("is taken into use when its files change; files that do not fit change nothing", async () => {
    const files = { sslCertfile: path.join(folder, "crt"), sslKeyfile: path.join(folder, "key") };
    const use = (crt: string, key: string): void => {
      copyFileSync(fixture(`${crt}.crt`), files.sslCertfile);
      copyFileSync(fixture(`${key}.key`), files.sslKeyfile);
    };
    use("a", "a");
    const clock = new ManualClock();
    const door = await open({ ...files, clock });
    use("b", "a");
    await clock.advance(5_000);
    expect((await ask(door)).name).toBe("manta-test-a");
    expect(door.logs.map(({ event }) => event)).toEqual(["http.certificate_kept"]);
    use("b", "b");
    await clock.advance(5_000);
    expect((await ask(door)).name).toBe("manta-test-b");
  });

  it.each([
    ["is missing", { ...pair("a"), sslCertfile: "/nowhere.crt" }, /ssl_certfile: cannot read \/nowhere\.crt/],
    ["does not fit its key", { ...pair("a"), sslKeyfile: fixture("b.key") }, /cannot be used.*a\.crt, .*b\.key/],
    ["needs a password", { ...pair("b"), sslKeyfile: fixture("b-encrypted.key") }, /cannot be used/],
  ])("that %s fails the start by name", async (_what, files, message) => {
    await expect(open(files)).rejects.toThrow(message);
  });

  it("is asked of clients where authorities are named", async () => {
    const door = await open({ ...pair("a"), sslCaCerts: fixture("b.crt") });
    await expect(ask(door)).rejects.toMatchObject({ code: expect.stringMatching(/^E/) as string });
    const known = { cert: readFileSync(fixture("b.crt")), key: readFileSync(fixture("b.key")) };
    expect((await ask(door, known)).status).toBe(200);
  });
});

it("a client that speaks plain HTTP to HTTPS is closed, and disturbs nobody", async () => {
  const door = await open(pair("a"));
  const plain = connectPlain(door.port, "127.0.0.1");
  let ended = false;
  plain.on("close", () => (ended = true)).on("error", () => undefined);
  plain.write("GET / HTTP/1.1\r\nhost: h\r\n\r\n");
  await waitUntil(() => ended);
  expect((await ask(door)).status).toBe(200);
});

it("an answer that breaks off where its end is the connection's is no whole one, and breaks nothing else (Q4)", async () => {
  const door = await open({ ...pair("a"), handler: () => undefined });
  const client = connectTls({ port: door.port, host: "127.0.0.1", rejectUnauthorized: false });
  let got = "";
  client.setEncoding("latin1").on("data", (text: string) => (got += text));
  client.on("error", () => undefined);
  client.write("GET / HTTP/1.0\r\nhost: h\r\n\r\n");
  const fake = await door.call();
  fake.head();
  fake.observer.onChunk(Buffer.from("begun"));
  await waitUntil(() => got.endsWith("begun"));
  fake.observer.onError(new ServeError("INTERNAL", "broken"));
  await waitUntil(() => client.destroyed);
  expect(got).not.toContain("content-length");
  const other = ask(door);
  (await door.call(1)).answer("ok");
  expect((await other).body).toBe("ok");
});
