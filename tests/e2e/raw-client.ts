// A client that speaks bytes: it can be slow, silent, greedy or gone, as no HTTP library is.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export class RawClient {
  readonly socket: Socket;
  text = "";
  readBytes = 0;
  readonly closed: Promise<unknown>;

  /** @param url the server; its path is left out */
  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port) });
    this.socket.on("data", (bytes: Buffer) => {
      this.readBytes += bytes.length;
      if (this.text.length < 100_000) this.text += bytes.toString("latin1");
    });
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
  }

  /** Writes a whole GET. */
  get(path: string, headers = ""): this {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n`);
    return this;
  }

  /** Writes one piece; resolves when the other side took it. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.socket.write(bytes)) await Promise.race([once(this.socket, "drain"), this.closed]);
  }

  leave(): void {
    this.socket.destroy();
  }
}
