import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { encodeSocketMessage } from "../protocol/socket-messages.ts";
import { WebSocketClient } from "./websocket-client.ts";

/** The library's socket, with a client that reads only when the test says so. */
class FakeSocket extends EventEmitter {
  readyState = 1;
  isPaused = false;
  pings = 0;
  terminated = false;
  readonly unsent: (() => void)[] = [];

  send(_data: unknown, _options: unknown, sent: () => void): void {
    this.unsent.push(sent);
  }

  ping(_data: unknown, _mask: unknown, sent: () => void): void {
    this.pings++;
    this.unsent.push(sent);
  }

  terminate(): void {
    this.terminated = true;
  }

  read(): void {
    for (const sent of this.unsent.splice(0)) sent();
  }
}

function openSocket() {
  const socket = new FakeSocket();
  const clock = new ManualClock();
  const seen = { consumed: 0 };
  const client = new WebSocketClient(socket as never, (bytes) => (seen.consumed += bytes), clock);
  return { socket, clock, seen, client };
}

const binary = (size: number): Uint8Array => encodeSocketMessage({ kind: "binary", bytes: new Uint8Array(size) });

describe("credit of what a client does not read (Q7)", () => {
  it("comes back for the message that is being put together, and for no other one, wherever the chunks end", () => {
    const { client, seen, socket } = openSocket();
    const stream = Buffer.concat(Array.from({ length: 10 }, () => binary(65_536)));
    let sent = 0;
    for (; sent < stream.length; sent += 65_536) client.push(stream.subarray(sent, sent + 65_536));
    expect(seen.consumed).toBe(65_536);
    socket.read();
    expect(seen.consumed).toBe(stream.length);
  });

  it("comes back as the messages leave, so that a message longer than a window arrives", () => {
    const { client, seen, socket } = openSocket();
    const long = binary(1_000_000);
    client.push(binary(10));
    client.push(long.subarray(0, 65_536));
    expect(seen.consumed).toBe(0);
    socket.read();
    client.push(long.subarray(65_536, 999_999));
    expect(seen.consumed).toBe(15 + 999_999);
  });
});

describe("a client that is pinged", () => {
  it("and says nothing until the next ping is cut off", async () => {
    const { clock, socket } = openSocket();
    await clock.advance(20_000);
    socket.read();
    expect([socket.pings, socket.terminated]).toEqual([1, false]);
    await clock.advance(20_000);
    expect(socket.terminated).toBe(true);
  });

  it.each(["pong", "message", "ping"])("and answers with a %s stays", async (event) => {
    const { clock, socket } = openSocket();
    for (let n = 1; n <= 3; n++) {
      await clock.advance(20_000);
      socket.read();
      socket.emit(event);
      expect([socket.pings, socket.terminated]).toEqual([n, false]);
    }
  });

  it("stays while the ping waits behind what it has to read, and while it is held back", async () => {
    const { clock, socket } = openSocket();
    await clock.advance(60_000);
    expect([socket.pings, socket.terminated]).toEqual([1, false]);
    socket.read();
    socket.isPaused = true;
    await clock.advance(60_000);
    expect(socket.terminated).toBe(false);
  });

  it("is left alone once it has closed", async () => {
    const { clock, socket } = openSocket();
    socket.emit("close");
    expect(clock.pending).toBe(0);
  });
});
