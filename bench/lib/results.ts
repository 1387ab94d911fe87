// What is kept of a run: bench/results/<timestamp>.json, one file per run, ignored by git.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import path from "node:path";
import { root } from "../../scripts/lib/root.ts";
import type { Effort } from "./bench.ts";
import type { RowSummary } from "./summary.ts";

/** Where and what was measured. */
export interface RunFacts {
  readonly startedAt: string;
  readonly node: string;
  readonly cores: number;
  readonly cpu: string;
  /** Commit of the working tree; "-dirty" behind it when files differ from it; "unknown" outside of git. */
  readonly commit: string;
  /** `dist` or `src`. */
  readonly code: string;
  readonly loadGenerator: string;
  readonly effort: Effort;
  /** Profiling slows down what is measured. */
  readonly profiled: boolean;
}

/** The facts that the machine and the repository give. */
export function machineFacts(): Pick<RunFacts, "startedAt" | "node" | "cores" | "cpu" | "commit"> {
  return {
    startedAt: new Date().toISOString(),
    node: process.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    commit: commit(),
  };
}

function commit(): string {
  try {
    const args = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}

/** The run as JSON: facts, and per row the figures of every round. */
export function resultsJson(facts: RunFacts, rows: readonly RowSummary[]): string {
  return `${JSON.stringify({ ...facts, rows: rows.map(({ info, ...row }) => ({ ...row, ...info })) }, undefined, 2)}\n`;
}

/** Writes the file. @returns its path, relative to the repository */
export function writeResults(facts: RunFacts, rows: readonly RowSummary[]): string {
  const file = path.join("bench/results", `${facts.startedAt.replaceAll(/[:.]/g, "-")}.json`);
  mkdirSync(path.join(root, "bench/results"), { recursive: true });
  writeFileSync(path.join(root, file), resultsJson(facts, rows));
  return file;
}
