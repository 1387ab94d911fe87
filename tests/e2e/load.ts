// A small closed-loop HTTP client: so many connections, each with one request at a time, and a record of every request.
//   L1  Each request that left this process is answered or failed, once: sent = answered + failed.
//   L2  A connection that nobody accepted is no request: it is counted apart and tried again.
import { Agent, request } from "node:http";

/** One request that was sent. */
export interface Sent {
  readonly startMs: number;
  readonly endMs: number;
  /** 0: the connection broke. */
  readonly status: number;
  readonly body: string;
}

/** What a load has done so far. */
export interface Tally {
  readonly sent: number;
  readonly answered: number;
  readonly failed: readonly Sent[];
  readonly all: readonly Sent[];
  /** Connections that were refused (L2). */
  readonly refused: number;
}

const PAUSE_MS = 5;

/** Sends GET requests to `url` over `connections` kept-alive connections until it is stopped. */
export class Load {
  readonly #url: string;
  readonly #agent: Agent;
  readonly #workers: Promise<void>[];
  readonly #all: Sent[] = [];
  #refused = 0;
  #stopped = false;

  constructor(url: string, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#workers = Array.from({ length: connections }, () => this.#work());
  }

  /** Requests answered 200 so far. */
  get answered(): number {
    return this.#all.filter(({ status }) => status === 200).length;
  }

  /** Resolves with everything that was answered 200 when that is at least `count` requests. */
  async answeredTo(count: number): Promise<readonly Sent[]> {
    while (this.answered < count) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return this.#all.filter(({ status }) => status === 200);
  }

  /** The request that ended last. */
  get last(): Sent | undefined {
    return this.#all.at(-1);
  }

  async stop(): Promise<Tally> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
    const failed = this.#all.filter(({ status }) => status !== 200);
    const sent = this.#all.length;
    return { sent, answered: sent - failed.length, failed, all: this.#all, refused: this.#refused };
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      const startMs = Date.now();
      const outcome = await this.#send();
      if (outcome === "refused") {
        this.#refused++;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      } else if (outcome !== "not sent") {
        this.#all.push({ startMs, endMs: Date.now(), ...outcome });
      }
    }
  }

  #send(): Promise<Pick<Sent, "status" | "body"> | "refused" | "not sent"> {
    return new Promise((resolve) => {
      const sending = request(this.#url, { agent: this.#agent }, (answer) => {
        let body = "";
        answer.setEncoding("utf8");
        answer.on("data", (text: string) => (body += text));
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
        answer.on("error", () => resolve({ status: 0, body }));
      });
      sending.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNREFUSED") return resolve("refused");
        // A kept connection that had ended before this request used it: the request never left.
        resolve(sending.reusedSocket && sending.socket?.bytesWritten === 0 ? "not sent" : { status: 0, body: "" });
      });
      sending.end();
    });
  }
}
