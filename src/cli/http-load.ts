// Sends requests over kept-alive connections and counts what comes back.
//   R1  Closed loop: a connection sends the next request when it has the whole answer of the last one.
//   R2  A request that cannot be sent or answered is an error, and its connection waits a moment: a server that refuses
//       is not asked a hundred thousand times.
//   R3  What is under way when the time is over is cut and not counted.
import { Agent as HttpAgent, type ClientRequest, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Clock } from "../core/clock.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** Pause of a connection after an error, milliseconds (R2). */
const ERROR_PAUSE_MS = 50;

/** What is sent, and for how long. */
export interface LoadPlan {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly connections: number;
  readonly durationMs: number;
}

/** What came back. */
export interface LoadResult {
  readonly elapsedMs: number;
  readonly latencies: LatencyHistogram;
  /** Answers by HTTP status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Requests without an answer, by the code of the error. */
  readonly errors: ReadonlyMap<string, number>;
  readonly bodyBytes: number;
  /** Part of the time in which this process computed, 0 to 1. Near 1 the figures are those of the client. */
  readonly clientBusy: number;
}

/** Runs a plan to its end, or until the signal aborts. */
export async function generateLoad(plan: LoadPlan, signal: AbortSignal, clock: Clock): Promise<LoadResult> {
  const load = new Load(plan, clock);
  const cancel = clock.after(plan.durationMs, () => load.stop());
  if (signal.aborted) load.stop();
  else signal.addEventListener("abort", () => load.stop(), { once: true });
  const before = process.cpuUsage();
  const startMs = clock.monotonic();
  await Promise.all(Array.from({ length: plan.connections }, () => load.keepAsking()));
  cancel();
  const elapsedMs = clock.monotonic() - startMs;
  const { user, system } = process.cpuUsage(before);
  const clientBusy = Math.min(1, (user + system) / 1000 / elapsedMs);
  return { ...load.counted(), elapsedMs, clientBusy };
}

class Load {
  readonly #plan: LoadPlan;
  readonly #clock: Clock;
  readonly #agent: HttpAgent;
  readonly #latencies = new LatencyHistogram();
  readonly #statuses = new Map<number, number>();
  readonly #errors = new Map<string, number>();
  readonly #underWay = new Set<ClientRequest>();
  readonly #stopping = new AbortController();
  #bodyBytes = 0;

  constructor(plan: LoadPlan, clock: Clock) {
    this.#plan = plan;
    this.#clock = clock;
    const options = { keepAlive: true, maxSockets: plan.connections };
    this.#agent = plan.url.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** One connection's work. */
  async keepAsking(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const error = await this.#ask();
      if (error === undefined || signal.aborted) continue;
      this.#errors.set(error, (this.#errors.get(error) ?? 0) + 1);
      await this.#clock.sleep(ERROR_PAUSE_MS, signal).catch(() => undefined);
    }
  }

  stop(): void {
    this.#stopping.abort();
    for (const request of this.#underWay) request.destroy(); // R3
    this.#agent.destroy();
  }

  counted(): Pick<LoadResult, "latencies" | "statuses" | "errors" | "bodyBytes"> {
    const [latencies, statuses, errors] = [this.#latencies, this.#statuses, this.#errors];
    return { latencies, statuses, errors, bodyBytes: this.#bodyBytes };
  }

  /** @returns the code of what went wrong */
  #ask(): Promise<string | undefined> {
    const { url, method, headers, body } = this.#plan;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const startMs = this.#clock.monotonic();
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(url, { method, headers, agent: this.#agent }, (response) => {
      response.on("data", (bytes: Buffer) => (this.#bodyBytes += bytes.length));
      response.once("end", () => {
        if (this.#stopping.signal.aborted) return;
        const status = response.statusCode ?? 0;
        this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
        this.#latencies.record(this.#clock.monotonic() - startMs);
        resolve(undefined);
      });
      response.once("error", (error) => resolve(codeOf(error)));
    });
    this.#underWay.add(request);
    request.once("error", (error) => resolve(codeOf(error)));
    request.once("close", () => {
      this.#underWay.delete(request);
      resolve("CLOSED"); // without effect after an answer
    });
    request.end(body);
    return promise;
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
