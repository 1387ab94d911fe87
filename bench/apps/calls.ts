// T5: the ingress calls another deployment in a loop and answers with what it measured.
//   GET /?connections=64&seconds=5
import { performance } from "node:perf_hooks";
import { deployment, type Handle } from "manta-serve";

class Callee {
  same(n: number) {
    return n;
  }
}

class Caller {
  readonly #callee: Handle<Callee>;

  constructor(callee: Handle<Callee>) {
    this.#callee = callee;
  }

  async fetch(request: Request) {
    const { searchParams } = new URL(request.url);
    const startMs = performance.now();
    const endMs = startMs + Number(searchParams.get("seconds")) * 1000;
    const connections = Number(searchParams.get("connections"));
    const tookMs = await Promise.all(Array.from({ length: connections }, () => this.#callUntil(endMs)));
    const sorted = Float64Array.from(tookMs.flat()).sort();
    const perSecond = (sorted.length * 1000) / (performance.now() - startMs);
    return { perSecond, p50Ms: sorted[Math.floor(sorted.length / 2)] };
  }

  /** Calls one after the other, each checked. @returns how long each took, milliseconds */
  async #callUntil(endMs: number): Promise<number[]> {
    const tookMs: number[] = [];
    for (let nowMs = performance.now(); nowMs < endMs;) {
      const n = tookMs.length;
      const answer = await this.#callee.same(n);
      if (answer !== n) throw new Error(`sent ${n}, got ${answer}`);
      const laterMs = performance.now();
      tookMs.push(laterMs - nowMs);
      nowMs = laterMs;
    }
    return tookMs;
  }
}

const options = { maxOngoingRequests: 200 };

export const app = deployment(Caller, options).bind(deployment(Callee, options).bind());
