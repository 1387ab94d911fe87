// What clients saw, request by request, and what was done to the instance meanwhile. Nothing is left out: a request that
// was sent is answered, failed or hangs, and a failure is excused only by a fault that held it.
//   L1  sent = answered + failed; one that is not over after `HANG_MS` hangs.
//   L2  REPLICA_GONE (over HTTP a 500) is excused by a replica that was hurt while the request was under way; a broken
//       connection by a proxy; nothing excuses anything else.
import { systemClock } from "../../src/core/clock.ts";
import type { Answer } from "./versions.ts";

/** Longest time a request may take. Chosen: a machine with one busy processor starts ten replicas in less. */
export const HANG_MS = 20_000;

/**
 * Longest time without a proxy. Chosen: one takes a second to replace (K3), three on a machine with much else to do; and
 * another fault may come in between, to the head that would replace it as well.
 */
const MOST_OUTAGE_MS = 15_000;

/** How far clocks of a fault and of a request may be apart. */
const SLACK_MS = 100;

export type Outcome =
  { readonly kind: "answered"; readonly answer: Answer } | { readonly kind: "failed"; readonly reason: string };

/** One request that left its client. */
export interface Sent {
  readonly client: string;
  readonly n: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: Outcome;
}

/** A time in which what a process held may be lost. */
export interface Fault {
  readonly program: "replica" | "proxy" | "head" | "supervisor";
  readonly what: string;
  readonly startMs: number;
  /** The process is gone, or goes on as before. Infinity: not yet. */
  endMs: number;
}

/** Reasons of failures, and which program's fault excuses each (L2). */
const EXCUSES: Readonly<Record<string, Fault["program"]>> = {
  "500 REPLICA_GONE": "replica",
  REPLICA_GONE: "replica",
  "broken connection": "proxy",
};

export class Ledger {
  readonly startMs = systemClock.monotonic();
  readonly sent: Sent[] = [];
  readonly faults: Fault[] = [];
  readonly timeline: string[] = [];
  readonly #open = new Map<string, { readonly client: string; readonly startMs: number }>();
  #numbers = 0;
  /** Connections that nobody took: no request. */
  refused = 0;
  /** Longest time in which nobody took connections, milliseconds. */
  longestOutageMs = 0;
  #refusedSinceMs: number | undefined;

  now(): number {
    return systemClock.monotonic() - this.startMs;
  }

  note(text: string): void {
    this.timeline.push(`${(this.now() / 1000).toFixed(3).padStart(8)}  ${text}`);
  }

  /** A request begins. @returns its number, and how to say what came of it; undefined: it never left */
  begin(client: string): { readonly n: number; end(outcome: Outcome | undefined): void } {
    const n = ++this.#numbers;
    const startMs = this.now();
    const key = `${client} ${n}`;
    this.#open.set(key, { client, startMs });
    return {
      n,
      end: (outcome) => {
        this.#open.delete(key);
        if (outcome === undefined) return;
        const sent = { client, n, startMs, endMs: this.now(), outcome };
        this.sent.push(sent);
        if (outcome.kind === "failed") this.note(`request ${n} of ${client} failed: ${outcome.reason}`);
      },
    };
  }

  /** A connection was refused. */
  connectionRefused(): void {
    this.refused++;
    this.#refusedSinceMs ??= this.now();
  }

  /** A connection was taken. */
  connectionTaken(): void {
    if (this.#refusedSinceMs !== undefined)
      this.longestOutageMs = Math.max(this.longestOutageMs, this.now() - this.#refusedSinceMs);
    this.#refusedSinceMs = undefined;
  }

  fault(program: Fault["program"], what: string): Fault {
    const fault = { program, what, startMs: this.now(), endMs: Infinity };
    this.faults.push(fault);
    return fault;
  }

  get answered(): number {
    return this.sent.filter(({ outcome }) => outcome.kind === "answered").length;
  }

  /** Failures by reason. */
  failures(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { outcome } of this.sent) {
      if (outcome.kind === "failed") counts[outcome.reason] = (counts[outcome.reason] ?? 0) + 1;
    }
    return counts;
  }

  /** What must not be, a line each; empty when all is well. @param versions every version that may have answered */
  problems(versions: ReadonlySet<number>): string[] {
    const found: string[] = [];
    for (const sent of this.sent) {
      const { outcome } = sent;
      const who = `request ${sent.n} of ${sent.client} (${seconds(sent.startMs)}..${seconds(sent.endMs)} s)`;
      if (outcome.kind === "answered") {
        const { n, version } = outcome.answer;
        if (n !== sent.n) found.push(`${who} was answered with the answer of ${n}`);
        if (!versions.has(version)) found.push(`${who} was answered by version ${version}, which never served`);
      } else if (!this.#isExcused(sent, outcome.reason)) {
        found.push(`${who} failed without a cause: ${outcome.reason}`);
      }
      if (sent.endMs - sent.startMs > HANG_MS) found.push(`${who} took ${seconds(sent.endMs - sent.startMs)} s`);
    }
    if (this.longestOutageMs > MOST_OUTAGE_MS)
      found.push(`nobody took connections for ${seconds(this.longestOutageMs)} s`);
    for (const [key, { startMs }] of this.#open) {
      if (this.now() - startMs > HANG_MS) found.push(`request ${key} hangs since ${seconds(startMs)} s`);
    }
    return found;
  }

  #isExcused({ startMs, endMs }: Sent, reason: string): boolean {
    const program = EXCUSES[reason];
    return this.faults.some(
      (fault) => fault.program === program && fault.startMs - SLACK_MS <= endMs && startMs <= fault.endMs + SLACK_MS,
    );
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
