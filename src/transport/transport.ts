// How programs reach one another, whatever carries the bytes.
import type { Address, Role } from "../protocol/control.ts";
import type { Connection, Peer } from "./connection.ts";

/** What a program proves to be when it dials or accepts. */
export interface Identity {
  readonly role: Role;
  readonly id: string;
  /** Counts the starts of one id; 0 where there is only one. */
  readonly epoch: number;
}

/** A door that accepts connections. */
export interface Listener {
  readonly address: Address;
  /** No new connections; open ones stay. */
  close(): Promise<void>;
}

export interface Transport {
  /**
   * Accepts authenticated connections. `admit` may refuse a proven peer by returning the reason; the dialer gets it.
   * @throws {ServeError} ENGINE when the address cannot be bound
   */
  listen(
    address: Address,
    self: Identity,
    accept: (connection: Connection) => void,
    admit?: (peer: Peer) => string | undefined,
  ): Promise<Listener>;
  /** @throws {ServeError} ENGINE when nobody answers, PROTOCOL when the peer refuses: bad token, version, retired id */
  dial(address: Address, self: Identity): Promise<Connection>;
}
