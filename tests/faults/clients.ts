// Callers of the instance under test: each has one request at a time, over HTTP or through a handle, and writes every one
// into the ledger.
import { Agent, request } from "node:http";
import { systemClock } from "../../src/core/clock.ts";
import { isServeError } from "../../src/core/errors.ts";
import { serve } from "../../src/index.ts";
import type { Ledger, Outcome } from "./ledger.ts";
import type { Answer } from "./versions.ts";

/** Pause between two requests of one client. Chosen: a few hundred requests a second leave a small machine its processor. */
const PAUSE_MS = 8;

export class Clients {
  readonly #ledger: Ledger;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #loops: Promise<void>[] = [];
  #stopped = false;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Adds clients that ask over HTTP. */
  http(name: string, url: string, count: number): void {
    for (let i = 0; i < count; i++) this.#loop(`${name}-${i}`, (n) => this.#get(`${url}?n=${n}`));
  }

  /** Adds clients that ask through a handle of this process. */
  async handle(application: string, count: number): Promise<void> {
    const handle = await serve.getAppHandle<{ ask(n: number): Promise<Answer> }>(application);
    for (let i = 0; i < count; i++) this.#loop(`handle-${i}`, async (n) => answeredBy(await handle.ask(n)));
  }

  /** Resolves when the last request is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  #loop(client: string, ask: (n: number) => Promise<Outcome | undefined>): void {
    const loop = async (): Promise<void> => {
      while (!this.#stopped) {
        const { n, end } = this.#ledger.begin(client);
        end(await ask(n).catch((error: unknown) => failed(isServeError(error) ? error.code : String(error))));
        await systemClock.sleep(PAUSE_MS);
      }
    };
    this.#loops.push(loop());
  }

  #get(url: string): Promise<Outcome | undefined> {
    return new Promise((resolve) => {
      const sending = request(url, { agent: this.#agent, headers: { accept: "application/json" } }, (answer) => {
        let body = "";
        this.#ledger.connectionTaken();
        answer.setEncoding("utf8");
        answer.on("data", (text: string) => (body += text));
        answer.on("end", () => resolve(readAnswer(answer.statusCode ?? 0, body)));
        answer.on("error", () => resolve(failed("broken connection")));
      });
      sending.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNREFUSED") this.#ledger.connectionRefused();
        // Nobody took it, or a kept connection had ended before this request used it: it never left.
        const left = error.code !== "ECONNREFUSED" && !(sending.reusedSocket && sending.socket?.bytesWritten === 0);
        resolve(left ? failed("broken connection") : undefined);
      });
      sending.end();
    });
  }
}

function readAnswer(status: number, body: string): Outcome {
  if (status === 200) return answeredBy(JSON.parse(body) as Answer);
  try {
    return failed(`${status} ${(JSON.parse(body) as { error: { code: string } }).error.code}`);
  } catch {
    return failed(`${status} ${body.slice(0, 80)}`);
  }
}

function answeredBy(answer: Answer): Outcome {
  return { kind: "answered", answer };
}

function failed(reason: string): Outcome {
  return { kind: "failed", reason };
}
