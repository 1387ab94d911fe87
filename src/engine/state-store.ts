// Where the controller keeps what must survive the head: a small map of documents, written atomically.

/** Durable key-value documents. A write that returned survives SIGKILL at any later moment. */
export interface StateStore {
  /** Where it is, for messages: a path. */
  readonly place: string;
  read(key: string): Uint8Array | undefined;
  /** Writes all of `changes` in one transaction; null deletes. @throws {ServeError} ENGINE when the disk refuses. */
  write(changes: ReadonlyMap<string, Uint8Array | null>): void;
  keys(prefix: string): readonly string[];
  close(): void;
}
