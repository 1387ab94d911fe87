// What an exchange asks of a client's connection, of a request and of its response: the classes of `node:http` have it,
// and so has a stream of HTTP/2. Types only.

/** The connection that a request came over. */
export interface ClientSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** Over TLS. */
  readonly encrypted?: boolean;
  readonly destroyed: boolean;
  readonly writable: boolean;
  write(text: string, encoding: "latin1"): unknown;
  end(): unknown;
  destroy(): unknown;
  /** Destroys it when all that was written has left. */
  destroySoon(): void;
  /** Destroys it so that the client takes it for no regular end. @throws it is encrypted */
  resetAndDestroy(): unknown;
  /** Stops reading, and goes on. */
  pause(): unknown;
  resume: () => unknown;
  once(event: "close", listener: () => void): unknown;
}

export interface RequestMessage {
  readonly method?: string | undefined;
  /** Flat: name, value. */
  readonly rawHeaders: string[];
  /** The same behind the body; complete when it has ended. */
  readonly rawTrailers: string[];
  on(event: "data", listener: (bytes: Buffer) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

export interface ResponseMessage {
  statusCode: number;
  statusMessage: string;
  /** The end of the body is told apart from the end of the connection. */
  readonly chunkedEncoding: boolean;
  readonly req: { readonly socket: ClientSocket };
  /** Null while the answers before it are being sent. */
  readonly socket: ClientSocket | null;
  writeContinue(): void;
  /** @throws the status or a header is not one */
  writeHead(status: number, headers: string[]): unknown;
  writeHead(status: number, statusText: string, headers: string[]): unknown;
  flushHeaders(): void;
  write(bytes: Uint8Array): boolean;
  end(body?: string | Uint8Array): unknown;
  end(body: string, encoding: "latin1"): unknown;
  once(event: "drain", listener: () => void): unknown;
}
