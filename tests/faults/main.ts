// The fault suite: redeploys under load, then random faults under load, then a look at what is left.
//   npm run test:faults -- [--seed N] [--duration S] [--redeploys N]
// Prints its figures; on failure also the seed, every problem, the timeline and the end of the logs. Exit code 1.
import { parseArgs } from "node:util";
import { FaultRun } from "./fault-run.ts";
import { Instance } from "./instance.ts";
import { findLeaks, findRemains } from "./leaks.ts";
import { proveRollouts } from "./rollouts.ts";

const SHOWN_LOG_LINES = 60;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(process.pid) },
    /** Seconds of faults. */
    duration: { type: "string", default: "120" },
    redeploys: { type: "string", default: "100" },
  },
});
const seed = Number(values.seed);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${count} ${name}`)
    .join(", ") || "none";

const instance = new Instance();
const problems: string[] = [];
const timeline: string[] = [];
try {
  await instance.start();
  if (Number(values.redeploys) > 0) await rollouts(Number(values.redeploys));
  if (Number(values.duration) > 0) await faults(Number(values.duration));
  problems.push(...(await findRemains(instance)));
} catch (error) {
  problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
if (problems.length > 0) {
  say(`FAILED with seed ${seed}\n${problems.join("\n")}\n--- timeline\n${timeline.join("\n")}`);
  say(`--- logs of head and supervisor\n${instance.log(SHOWN_LOG_LINES)}`);
}
await instance.close();
process.exit(problems.length > 0 ? 1 : 0);

async function rollouts(redeploys: number): Promise<void> {
  const figures = await proveRollouts(instance, redeploys);
  problems.push(...figures.problems);
  say(
    `rollouts: ${figures.redeploys} redeploys, ${figures.broken} broken ones between, ${figures.sent} requests sent, ` +
      `${figures.answered} answered 200, ${figures.versions} versions seen`,
  );
}

async function faults(durationS: number): Promise<void> {
  const run = new FaultRun(instance, seed);
  timeline.push(`seed ${seed}`);
  try {
    const figures = await run.run(durationS * 1000);
    const leaks = findLeaks(instance, run.replicas);
    problems.push(...figures.problems, ...leaks.problems);
    const { ledger } = figures;
    say(
      `faults: seed ${seed}, ${durationS} s, ${ledger.sent.length} requests sent, ${ledger.answered} answered 200, ` +
        `failed: ${list(ledger.failures())}; ${ledger.refused} connections refused, for at most ${Math.round(ledger.longestOutageMs)} ms`,
    );
    say(`faults: ${list(figures.faults)}`);
    say(`orders: ${list(figures.orders)}; statuses right ${Math.round(figures.statusRightMs)} ms after a head's start`);
    for (const name of ["head", "proxy"] as const) {
      const [{ openFiles, residentMiB }, grown] = [leaks.usage[name], figures.growth[name]];
      say(
        `at rest: ${name} with ${openFiles} files open and ${residentMiB} MiB; three deploys and a thousand requests ` +
          `cost ${grown.openFiles} files and ${grown.residentMiB} MiB`,
      );
    }
  } finally {
    timeline.push(...run.ledger.timeline);
  }
}
