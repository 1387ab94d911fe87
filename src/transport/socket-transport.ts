// Framed connections over Unix sockets and TCP.
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { atTurnEnd } from "../core/tick.ts";
import type { Address } from "../protocol/control.ts";
import type { ByteChannel, ChannelEvents } from "./byte-channel.ts";
import type { Connection, Peer } from "./connection.ts";
import { acceptHandshake, dialHandshake } from "./handshake.ts";
import type { Identity, Listener, Transport } from "./transport.ts";

class SocketChannel implements ByteChannel {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  open(events: ChannelEvents): void {
    let reason = "the peer closed the connection";
    this.#socket.on("data", (bytes: Buffer) => events.onData(bytes));
    this.#socket.on("error", (error) => void (reason = error.message));
    this.#socket.on("close", () => events.onClose(reason));
  }

  write(pieces: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
    return socket.writableLength === 0;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  setKeepsAlive(alive: boolean): void {
    if (alive) this.#socket.ref();
    else this.#socket.unref();
  }

  atTurnEnd(fn: () => void): void {
    atTurnEnd(fn);
  }
}

/** Connections over Unix sockets and TCP that prove knowledge of `token` on both sides. */
export function socketTransport(token: string, clock: Clock): Transport {
  return {
    listen: (address, self, accept, admit = () => undefined) => listen(address, self, accept, admit, token, clock),
    dial: (address, self) => dial(address, self, token, clock),
  };
}

async function listen(
  address: Address,
  self: Identity,
  accept: (connection: Connection) => void,
  admit: (peer: Peer) => string | undefined,
  token: string,
  clock: Clock,
): Promise<Listener> {
  const server = createServer((socket) => {
    acceptHandshake(new SocketChannel(socket), self, token, admit, clock).then(
      (connection) => connection !== undefined && accept(connection),
      () => socket.destroy(),
    );
  });
  if (address.kind === "unix") rmSync(address.path, { force: true });
  await bind(server, address);
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return {
    address: address.kind === "tcp" ? { ...address, port } : address,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

function bind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays: a connection that cannot be accepted later, for want of descriptors, must not end the process.
    server.on("error", (error) =>
      reject(engineError(`cannot listen on ${describe(address)}: ${error.message}`, address)),
    );
    server.listen(endpoint(address), () => resolve());
  });
}

async function dial(address: Address, self: Identity, token: string, clock: Clock): Promise<Connection> {
  const socket = connect(endpoint(address));
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void =>
      reject(engineError(`cannot reach ${describe(address)}: ${error.message}`, address));
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      resolve();
    });
  });
  return dialHandshake(new SocketChannel(socket), self, token, clock);
}

function endpoint(address: Address): { path: string } | { host: string; port: number } {
  if (address.kind === "unix") return { path: address.path };
  if (address.kind === "tcp") return { host: address.host, port: address.port };
  throw engineError(`a socket cannot carry ${describe(address)}`, address);
}

function describe(address: Address): string {
  if (address.kind === "unix") return address.path;
  return address.kind === "tcp" ? `${address.host}:${address.port}` : `memory:${address.name}`;
}

function engineError(message: string, address: Address): ServeError {
  return new ServeError("ENGINE", message, { address: describe(address) });
}
