// The bytes below a connection: a socket, or one end of an in-process pair. Owns nothing but delivery and order.

/** What a channel tells its connection. */
export interface ChannelEvents {
  onData(bytes: Uint8Array): void;
  /** Called once, after the last `onData`. */
  onClose(reason: string): void;
}

/** An ordered, reliable stream of bytes in both directions. */
export interface ByteChannel {
  /** Starts delivery. Called once. */
  open(events: ChannelEvents): void;
  /**
   * Takes the pieces, in order and as one write. True: they have left this process, and their memory is the caller's
   * again; false: the caller never touches them again.
   */
  write(pieces: readonly Uint8Array[]): boolean;
  /** Ends the channel after what was written has gone out. */
  end(): void;
  /** Ends the channel at once; `onClose` follows. */
  destroy(reason: string): void;
  /** Whether the open channel keeps the process's event loop alive. */
  setKeepsAlive(alive: boolean): void;
  /** Runs `fn` when this turn's frames are complete, so that they leave in one write. */
  atTurnEnd(fn: () => void): void;
}
