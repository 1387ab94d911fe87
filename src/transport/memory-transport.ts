// Connections inside one process: the same handshake, frames and codec, carried by microtasks instead of sockets.
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import type { Address } from "../protocol/control.ts";
import type { ByteChannel, ChannelEvents } from "./byte-channel.ts";
import type { Connection, Peer } from "./connection.ts";
import { acceptHandshake, dialHandshake } from "./handshake.ts";
import type { Identity, Listener, Transport } from "./transport.ts";

/** One end of a pair. Bytes are delivered in order, never in the writer's own call. */
class MemoryChannel implements ByteChannel {
  peer: MemoryChannel | undefined;
  #events: ChannelEvents | undefined;
  readonly #undelivered: Uint8Array[] = [];
  #closeReason: string | undefined;
  #closed = false;

  open(events: ChannelEvents): void {
    this.#events = events;
    if (this.#undelivered.length > 0 || this.#closeReason !== undefined) queueMicrotask(() => this.#deliver());
  }

  write(pieces: readonly Uint8Array[]): boolean {
    const peer = this.peer;
    if (this.#closed || peer === undefined) return false;
    peer.#undelivered.push(...pieces);
    queueMicrotask(() => peer.#deliver());
    return false;
  }

  end(): void {
    this.destroy();
  }

  destroy(reason = "the peer closed the connection"): void {
    for (const side of [this, this.peer]) {
      if (side === undefined || side.#closeReason !== undefined) continue;
      side.#closeReason = reason;
      queueMicrotask(() => side.#deliver());
    }
  }

  setKeepsAlive(): void {
    // Nothing of an in-process pair keeps a process alive.
  }

  atTurnEnd(fn: () => void): void {
    queueMicrotask(fn);
  }

  #deliver(): void {
    if (this.#events === undefined || this.#closed) return;
    for (let bytes = this.#undelivered.shift(); bytes !== undefined; bytes = this.#undelivered.shift()) {
      this.#events.onData(bytes);
    }
    if (this.#closeReason === undefined) return;
    this.#closed = true;
    this.#events.onClose(this.#closeReason);
  }
}

/** Connects listeners and dialers of one process by name. */
export class MemoryTransport implements Transport {
  readonly #doors = new Map<string, (channel: MemoryChannel) => void>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async listen(
    address: Address,
    self: Identity,
    accept: (connection: Connection) => void,
    admit: (peer: Peer) => string | undefined = () => undefined,
  ): Promise<Listener> {
    const name = nameOf(address);
    this.#doors.set(name, (channel) => {
      void acceptHandshake(channel, self, name, admit, this.#clock).then((connection) => {
        if (connection !== undefined) accept(connection);
      });
    });
    return { address, close: async () => void this.#doors.delete(name) };
  }

  async dial(address: Address, self: Identity): Promise<Connection> {
    const name = nameOf(address);
    const door = this.#doors.get(name);
    if (door === undefined) throw new ServeError("ENGINE", `nobody listens on memory:${name}`, { address: name });
    const mine = new MemoryChannel();
    const theirs = new MemoryChannel();
    mine.peer = theirs;
    theirs.peer = mine;
    door(theirs);
    return dialHandshake(mine, self, name, this.#clock);
  }
}

function nameOf(address: Address): string {
  if (address.kind === "memory") return address.name;
  throw new ServeError("ENGINE", `the memory transport cannot carry a ${address.kind} address`, { kind: address.kind });
}
