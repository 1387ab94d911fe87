// WebSockets from a client through proxy and replica: `ws` and Node's own client, close codes both ways, back-pressure,
// drains and what is refused.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket as Client } from "ws";
import { Harness, type Served } from "./harness.ts";

const execFileAsync = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");

interface Seen {
  readonly path: string;
  readonly code: number;
  readonly reason: string;
  readonly clean: boolean;
  readonly aborted: boolean;
}

let harness: Harness;
let served: Served;

beforeAll(async () => {
  harness = new Harness();
  served = await harness.startServe(harness.copy("sockets.ts"));
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

const address = (path: string): string => new URL(path, served.url.replace("http", "ws")).href;
const open = async (
  path: string,
  ...rest: ConstructorParameters<typeof Client> extends [unknown, ...infer R] ? R : never
) => {
  const client = new Client(address(path), ...rest);
  await once(client, "open");
  return client;
};
const message = async (client: Client): Promise<string> => String((await once(client, "message"))[0]);
const closeOf = async (client: Client): Promise<[number, string]> => {
  const [code, reason] = (await once(client, "close")) as [number, Buffer];
  return [code, reason.toString()];
};
const seen = async (path: string): Promise<Seen[]> => {
  const all = (await (await fetch(new URL("/seen", served.url))).json()) as Seen[];
  return all.filter((one) => one.path === path);
};

describe("messages", () => {
  it("of text and bytes come back as they were sent, in their order, fragmented ones whole", async () => {
    const client = await open("/echo");
    const got: unknown[] = [];
    client.on("message", (data: Buffer, isBinary) => got.push(isBinary ? [...data] : data.toString()));
    client.send("hé");
    client.send(Uint8Array.of(1, 2, 3));
    client.send("");
    client.send("frag", { fin: false });
    client.send("mented", { fin: true });
    client.send("x".repeat(300_000));
    await harness.waitUntil(() => got.length === 5, "all messages are back");
    expect(got.slice(0, 4)).toEqual(["hé", [1, 2, 3], "", "fragmented"]);
    expect(got[4]).toHaveLength(300_000);
    client.close(1000);
    await once(client, "close");
  });

  it("may be sent before the client's first, with its headers and protocol known", async () => {
    const client = new Client(address("/greet"), ["chat.v2", "chat.v1"], { headers: { "x-name": "Ada" } });
    expect(await message(client)).toBe("hello Ada chat.v2");
    expect(client.protocol).toBe("chat.v2");
    client.terminate();
  });

  it("pass Node's own client", async () => {
    const client = new WebSocket(address("/echo"));
    await new Promise((resolve) => client.addEventListener("open", resolve));
    client.send("a");
    const { data } = await new Promise<MessageEvent>((resolve) => client.addEventListener("message", resolve));
    expect(data).toBe("a");
    client.close();
    await new Promise((resolve) => client.addEventListener("close", resolve));
  });

  it("pass the client `websockets` of Python", async () => {
    const python = join(ROOT, ".venv/bin/python");
    const script = join(ROOT, "tests/python/talk_websocket.py");
    const { stdout } = await execFileAsync(python, ["-B", script, address("/").replace(/\/$/, "")]);
    expect(JSON.parse(stdout)).toEqual({
      text: "hé",
      bytes: [0, 255],
      fragments: "fragmented",
      long: 900_000,
      "own close": 1000,
      greeting: "hello Ada chat",
      "its close": [4001, "enough"],
      flood: 20_000_000,
    });
  });

  it("are heard in the context of their request (RT6)", async () => {
    const client = await open("/who", [], { headers: { "x-request-id": "chat-7" } });
    client.send("who?");
    expect(await message(client)).toBe("chat-7");
    client.terminate();
  });

  it("pings are answered", async () => {
    const client = await open("/echo");
    client.ping("p");
    expect(String((await once(client, "pong"))[0])).toBe("p");
    client.terminate();
  });
});

describe("a close", () => {
  it("of the client reaches the code with its code and reason", async () => {
    const client = await open("/echo");
    client.close(4321, "bye");
    await closeOf(client);
    const [last] = await harness.waitUntil(async () => {
      const all = await seen("/echo");
      return all.some(({ code }) => code === 4321) && all.filter(({ code }) => code === 4321);
    }, "the code saw it");
    expect(last).toMatchObject({ reason: "bye", clean: true, aborted: false });
  });

  it("of the code reaches the client with its code and reason", async () => {
    expect(await closeOf(new Client(address("/close")))).toEqual([4001, "enough"]);
    const [own] = await harness.waitUntil(async () => (await seen("/close")).length > 0 && seen("/close"), "closed");
    expect(own).toMatchObject({ code: 4001, reason: "enough", clean: true });
  });

  it("without a handshake is 1006 and aborts the request's signal (Q5)", async () => {
    const client = await open("/deaf");
    client.terminate();
    const [own] = await harness.waitUntil(async () => (await seen("/deaf")).length > 0 && seen("/deaf"), "left");
    expect(own).toMatchObject({ code: 1006, clean: false });
  });

  it.each(["/throw", "/later"])("is 1011 when the code throws: %s", async (path) => {
    const client = new Client(address(path));
    const [error] = (await Promise.race([closeOf(client), once(client, "error")])) as unknown[];
    if (typeof error === "number") expect(error).toBe(1011);
    else expect(String(error)).toContain("500");
  });

  it.each(["/oops", "/async-oops"])(
    "is 1011 when a listener throws, and no other socket hears of it: %s",
    async (path) => {
      const other = await open("/echo");
      const client = await open(path);
      client.send("1");
      expect(await message(client)).toBe("1");
      client.send("no JSON");
      expect(await closeOf(client)).toEqual([1011, "internal error"]);
      other.send("still here");
      expect(await message(other)).toBe("still here");
      other.terminate();
    },
  );

  it("follows a message that is too large: 1009", async () => {
    const client = await open("/echo");
    client.on("error", () => undefined);
    client.send(new Uint8Array(17 * 1024 * 1024));
    expect((await closeOf(client))[0]).toBe(1009);
  });
});

it("a client that does not read stops the code that sends, and gets all of it in the end (Q7)", async () => {
  const client = new Client(address("/flood"));
  let bytes = 0;
  client.on("message", (data: Buffer) => (bytes += data.length)); // the first ones come with the handshake
  await once(client, "open");
  client.pause();
  client.resume();
  await harness.waitUntil(() => bytes === 20_000_000, "all came", 20_000);
  client.terminate();
});

describe("a handshake", () => {
  const raw = async (lines: readonly string[]): Promise<string> => {
    const socket = connect(Number(new URL(served.url).port), "127.0.0.1");
    socket.write(`${["GET /echo HTTP/1.1", "host: h", ...lines].join("\r\n")}\r\n\r\n`);
    let text = "";
    socket.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    await harness.waitUntil(() => text.includes("\r\n\r\n"), "an answer");
    socket.destroy();
    return text;
  };
  const upgrade = ["connection: upgrade", "upgrade: websocket"];

  it.each<[string, string[], string]>([
    ["without a key", [...upgrade, "sec-websocket-version: 13"], "HTTP/1.1 400 "],
    [
      "of another version",
      [...upgrade, "sec-websocket-version: 8", "sec-websocket-key: AQIDBAUGBwgJCgsMDQ4PEA=="],
      "\r\nsec-websocket-version: 13\r\n",
    ],
    ["for another protocol is answered as a plain request", ["connection: upgrade", "upgrade: h2c"], "HTTP/1.1 200 "],
  ])("%s", async (_what, lines, status) => expect(await raw(lines)).toContain(status));

  it("at a path that nothing serves, or at an ingress without `websocket`, is 404", async () => {
    await harness
      .deploy(
        harness.write(
          "plain.ts",
          `import { deployment, serve } from "manta-serve";
const app = deployment(class Plain { fetch() { return "x"; } }, { name: "Plain" }).bind();
await serve.run(app, { name: "plain", routePrefix: "/plain" });
console.log("{}");
`,
        ),
      )
      .catch(() => undefined);
    const client = new Client(address("/plain/x"));
    const [error] = (await once(client, "error")) as [Error];
    expect(error.message).toContain("404");
  });
});

it("is counted as WS with its close code, which is an error unless it is 1000 or 1001", async () => {
  const { admin } = await harness.status();
  const page = await harness.waitUntil(async () => {
    const text = await (await fetch(new URL("/metrics", admin?.url))).text();
    return text.includes('method="WS",application="default",status_code="4321"') && text;
  }, "the metrics");
  const errors = page.split("\n").filter((line) => line.startsWith("ray_serve_num_http_error_requests_total"));
  const codes = errors
    .filter((line) => line.includes('method="WS"'))
    .map((line) => /error_code="(\d+)"/.exec(line)?.[1]);
  expect(codes).toEqual(expect.arrayContaining(["4001", "1009"]));
  expect(codes).not.toContain("1000");
});

it("is told to go with 1001 when its replica drains, before the grace is over (D5)", async () => {
  const client = await open("/echo");
  const closed = closeOf(client);
  await harness.deploy(harness.copy("sockets.ts", (source) => `${source}\n// another version\n`));
  expect(await closed).toEqual([1001, "the server restarts"]);
});
