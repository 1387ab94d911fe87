// `ingress.upgrade`: the replica's own socket joined to one of the library `ws` behind an http.Server.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type WebSocket as FrameworkSocket, WebSocketServer } from "ws";
import { ingress } from "../api/ingress.ts";
import { encodeSocketMessage, type SocketMessage, SocketMessageReader } from "../protocol/socket-messages.ts";
import { ServerSocket } from "./server-socket.ts";

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isTrue(); i++) await turn();
  expect(isTrue()).toBe(true);
}

/** A client of the ingress: what it sends goes in, what it gets is read one by one. */
class Client {
  readonly socket: ServerSocket;
  readonly joined: Promise<void>;
  readonly #incoming = new TransformStream<Uint8Array, Uint8Array>();
  readonly #writer = this.#incoming.writable.getWriter();
  readonly #reader = new SocketMessageReader(2 ** 31);
  readonly #pieces: AsyncGenerator<Uint8Array, void, void>;
  readonly #got: SocketMessage[] = [];

  constructor(server: Server, { path = "/chat?room=1", protocol = "", headers = {} } = {}) {
    const fail = (reason: unknown): never => expect.unreachable(String(reason));
    this.socket = new ServerSocket(`http://shop.test${path}`, protocol, this.#incoming.readable, fail);
    this.#pieces = this.socket.pieces(Promise.resolve());
    const request = new Request(`http://shop.test${path}`, { headers });
    this.joined = ingress.upgrade(server)(this.socket as unknown as WebSocket, request);
    this.joined.catch(() => undefined);
  }

  send(message: SocketMessage): Promise<void> {
    return this.#writer.write(encodeSocketMessage(message));
  }

  async get(): Promise<SocketMessage> {
    while (this.#got.length === 0) {
      const { value, done } = await this.#pieces.next();
      expect(done).toBe(false);
      for (const message of this.#reader.push(value as Uint8Array)) this.#got.push(message);
    }
    return this.#got.shift() as SocketMessage;
  }

  /** The connection breaks. */
  async leave(): Promise<void> {
    await this.#writer.close();
    await this.#pieces.return();
  }
}

function serve(onSocket: (socket: FrameworkSocket, request: IncomingMessage) => void): Server {
  const server = createServer();
  const accepting = new WebSocketServer({ server, handleProtocols: ([first]) => first as string });
  accepting.on("connection", onSocket);
  return server;
}

const text = (message: string): SocketMessage => ({ kind: "text", text: message });

describe("messages", () => {
  it("pass both ways: text, bytes, in order, also those that were sent before it was open", async () => {
    const server = serve((socket) => {
      socket.send("welcome");
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    const client = new Client(server);
    const bytes = new Uint8Array(100_000).fill(3);
    void client.send(text("hé"));
    void client.send({ kind: "binary", bytes });
    expect(await client.get()).toEqual(text("welcome"));
    expect(await client.get()).toEqual(text("hé"));
    const { kind, bytes: got } = (await client.get()) as Extract<SocketMessage, { kind: "binary" }>;
    expect([kind, Buffer.from(got).equals(bytes)]).toEqual(["binary", true]);
    await client.leave();
    await client.joined;
  });

  it("come with the target, the headers and the protocol of the handshake", async () => {
    const server = serve((socket, { url, headers }) =>
      socket.send(JSON.stringify([url, headers["x-name"], headers.origin, socket.protocol])),
    );
    const headers = { "x-name": "Ada", origin: "http://shop.test", "sec-websocket-key": "x", upgrade: "websocket" };
    const client = new Client(server, { protocol: "chat.v2", headers });
    expect(await client.get()).toEqual(text(JSON.stringify(["/chat?room=1", "Ada", "http://shop.test", "chat.v2"])));
    await client.leave();
  });

  it("of a framework stop while the client does not read, and go on when it does (Q7)", async () => {
    const count = 400;
    let inside: FrameworkSocket | undefined;
    const server = serve((socket) => {
      inside = socket;
      for (let i = 0; i < count; i++) socket.send(new Uint8Array(64 * 1024).fill(i % 256));
    });
    const client = new Client(server);
    await until(() => client.socket.bufferedAmount > 0);
    for (let i = 0; i < 100; i++) await turn();
    expect(client.socket.bufferedAmount).toBeLessThan(2 * 1024 * 1024);
    expect(inside?.bufferedAmount).toBeGreaterThan(10 * 1024 * 1024);
    for (let i = 0; i < count; i++) {
      expect(((await client.get()) as { bytes: Uint8Array }).bytes[0]).toBe(i % 256);
    }
    await client.leave();
  });

  it("of a client that the framework does not read end the socket with 1013", async () => {
    const client = new Client(serve((socket) => socket.pause()));
    const closed = client.get();
    for (let i = 0; i < 40; i++) await client.send({ kind: "binary", bytes: new Uint8Array(1024 * 1024) });
    expect(await closed).toMatchObject({ kind: "close", code: 1013 });
  });
});

describe("close codes", () => {
  it.each([
    [1000, "bye"],
    [1008, "policy"],
    [1012, "restart"],
    [4001, "enough"],
  ])("%i of the framework reaches the client", async (code, reason) => {
    const client = new Client(serve((socket) => socket.close(code, reason)));
    expect(await client.get()).toEqual({ kind: "close", code, reason });
    await client.joined;
  });

  it.each([
    [1000, "bye"],
    [1001, ""],
    [4001, "enough"],
  ])("%i of the client reaches the framework", async (code, reason) => {
    const { promise, resolve } = Promise.withResolvers<unknown[]>();
    const server = serve((socket) => {
      socket.send("open");
      socket.on("close", (at, why) => resolve([at, String(why)]));
    });
    const client = new Client(server);
    await client.get();
    await client.send({ kind: "close", code, reason });
    expect(await promise).toEqual([code, reason]);
    await client.joined;
  });

  it("1006: a client that is gone is gone for the framework, at once, also while it is stopped", async () => {
    let inside: FrameworkSocket | undefined;
    const server = serve((socket) => {
      inside = socket;
      for (let i = 0; i < 100; i++) socket.send(new Uint8Array(64 * 1024));
    });
    const client = new Client(server);
    await until(() => client.socket.bufferedAmount > 1024 * 1024);
    await client.leave();
    await client.joined;
    await until(() => inside?.readyState === 3);
  });

  it("1011: a framework that drops the connection", async () => {
    const client = new Client(serve((socket) => socket.terminate()));
    expect(await client.get()).toMatchObject({ kind: "close", code: 1011 });
    await client.joined;
  });

  it("4000 + status: an upgrade that the framework refuses", async () => {
    const server = createServer().on("upgrade", (_req, socket) => {
      socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
    });
    expect(await new Client(server).get()).toEqual({ kind: "close", code: 4401, reason: "Unauthorized" });
    const withoutUpgrades = createServer((_req, res) => res.writeHead(404).end());
    expect(await new Client(withoutUpgrades).get()).toMatchObject({ kind: "close", code: 4404 });
  });

  it("none: an upgrade that fails, fails the call", async () => {
    const server = createServer().on("upgrade", (_req, socket) => void socket.destroy());
    await expect(new Client(server).joined).rejects.toThrow("socket hang up");
  });

  it("none: a client that leaves before the framework has answered", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = createServer().on("upgrade", (_req, socket) => void once(socket, "close").then(() => resolve()));
    const client = new Client(server);
    await turn();
    await client.leave();
    await client.joined;
    await promise;
  });
});
