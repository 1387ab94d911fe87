import { describe, expect, it } from "vitest";
import { encodeSocketMessage, type SocketMessage, SocketMessageReader } from "../protocol/socket-messages.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { ServerSocket, SocketAnswer } from "./server-socket.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A socket, what its listeners threw, and its client's side. */
function openSocket() {
  const incoming = new TransformStream<Uint8Array, Uint8Array>();
  const client = incoming.writable.getWriter();
  const thrown: unknown[] = [];
  const socket = new ServerSocket("http://h/", "", incoming.readable, (reason) => void thrown.push(reason));
  const hear = async (text: string): Promise<void> => {
    await client.write(encodeSocketMessage({ kind: "text", text }));
    await turn();
  };
  return { socket, client, thrown, hear };
}

async function messagesOf(pieces: AsyncGenerator<Uint8Array, void, void>, count: number): Promise<SocketMessage[]> {
  const reader = new SocketMessageReader(2 ** 31);
  const messages: SocketMessage[] = [];
  while (messages.length < count) messages.push(...reader.push((await pieces.next()).value as Uint8Array));
  return messages;
}

describe("listeners", () => {
  it("that throw, at once or later, are told of; the others hear the message all the same (R4)", async () => {
    const { socket, thrown, hear } = openSocket();
    const heard: unknown[] = [];
    socket.addEventListener("message", () => {
      throw new TypeError("now");
    });
    socket.addEventListener("message", (() => Promise.reject(new RangeError("later"))) as () => void);
    socket.addEventListener("message", { handleEvent: (event) => heard.push((event as MessageEvent).data) });
    await hear("a");
    expect(heard).toEqual(["a"]);
    expect(thrown.map(String)).toEqual(["TypeError: now", "RangeError: later"]);
  });

  it("are called once however often they are added, and no more when they are removed", async () => {
    const { socket, hear } = openSocket();
    const heard: string[] = [];
    const listener = (): void => void heard.push("listener");
    socket.addEventListener("message", listener);
    socket.addEventListener("message", listener);
    socket.onmessage = () => void heard.push("old");
    socket.onmessage = () => void heard.push("handler");
    await hear("a");
    socket.removeEventListener("message", listener);
    socket.onmessage = null;
    await hear("b");
    expect(heard).toEqual(["listener", "handler"]);
  });
});

it("sends a Blob in its turn, and counts it until it is taken", async () => {
  const { socket } = openSocket();
  socket.send(new Blob(["blob"]));
  socket.send("text");
  const buffered = socket.bufferedAmount;
  const pieces = socket.pieces(Promise.resolve());
  const [first, second] = await messagesOf(pieces, 2);
  expect(Buffer.from((first as { bytes: Uint8Array }).bytes).toString()).toBe("blob");
  expect(second).toEqual({ kind: "text", text: "text" });
  void pieces.next();
  await turn();
  expect([buffered, socket.bufferedAmount]).toEqual([18, 0]);
});

it("its answer ends when the socket is closed and the code has returned (Q5)", async () => {
  const { socket, client } = openSocket();
  const code = Promise.withResolvers<void>();
  const { pieces } = new SocketAnswer(socket, code.promise).asHttp() as Extract<HttpAnswer, { kind: "stream" }>;
  await pieces.next();
  let ended = false;
  const end = Promise.resolve(pieces.next()).then(() => (ended = true));
  await client.close();
  await turn();
  expect([socket.readyState, ended]).toEqual([socket.CLOSED, false]);
  code.resolve();
  await end;
});
