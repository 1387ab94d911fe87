// Load at a fixed rate, whatever comes back: what a crowd does to a server, unlike clients that wait for their answers.
//   R1  Times count from the moment at which a request was due, so a generator that is late hides nothing
//       (coordinated omission).
//   R2  Every request gets an answer or is counted as hanging.
import { Agent, request } from "node:http";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

/** How long an answer may take before it counts as hanging, milliseconds. */
const HANGS_MS = 10_000;

/** One request's end. */
export interface Answer {
  /** 0: no answer, or none within 10 s. */
  readonly status: number;
  /** From when it was due (R1). */
  readonly tookMs: number;
  /** Of `kinds`, the one that it was. */
  readonly kind: number;
}

/** A crowd: requests of several kinds in turn. */
export interface Crowd {
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** With a body it is a POST of JSON, else a GET. */
  readonly body?: string;
  /** Headers of each kind. */
  readonly kinds: readonly Readonly<Record<string, string>>[];
}

/** Sends all requests when they are due and waits for all answers. */
export async function openLoop(crowd: Crowd): Promise<readonly Answer[]> {
  const { perSecond, seconds, kinds } = crowd;
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: Infinity });
  const count = Math.round(perSecond * seconds);
  const startMs = performance.now();
  const answers: Promise<Answer>[] = [];
  while (answers.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - startMs) * perSecond) / 1000) + 1);
    while (answers.length < due) {
      const n = answers.length;
      const dueMs = startMs + (n * 1000) / perSecond;
      answers.push(askOnce(crowd, agent, dueMs, n % kinds.length));
    }
    await sleep(1);
  }
  try {
    return await Promise.all(answers);
  } finally {
    agent.destroy();
  }
}

function askOnce({ url, body, kinds }: Crowd, agent: Agent, dueMs: number, kind: number): Promise<Answer> {
  return new Promise((resolve) => {
    const end = (status: number): void => resolve({ status, tookMs: performance.now() - dueMs, kind });
    const method = body === undefined ? "GET" : "POST";
    const req = request(url, { agent, method, headers: kinds[kind] ?? {} }, (res) => {
      res.resume().once("end", () => end(res.statusCode ?? 0));
    });
    req.once("error", () => end(0));
    req.setTimeout(HANGS_MS, () => req.destroy());
    req.end(body);
  });
}
