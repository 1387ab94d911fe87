// `npm run bench`: measures Manta against bare `node:http` servers, prints the table, keeps the figures.
//   R1  Both sides in one run: same Node, same load generator, same cores. Only ratios of one run count.
//   R2  A wrong answer or a failing server ends the run with exit code 1; a missed target does not.
//   R3  Results go to standard output, progress to standard error.
import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";
import { root } from "../scripts/lib/root.ts";
import { batching } from "./cases/batching.ts";
import { calls } from "./cases/calls.ts";
import { echo } from "./cases/echo.ts";
import { helloAlone, helloAtLoad } from "./cases/hello.ts";
import { hops } from "./cases/hops.ts";
import { idle } from "./cases/idle.ts";
import { memory } from "./cases/memory.ts";
import { metrics } from "./cases/metrics.ts";
import { overload } from "./cases/overload.ts";
import { soaking } from "./cases/soak.ts";
import { start } from "./cases/start.ts";
import { stream } from "./cases/stream.ts";
import { type Bench, type BenchCase, fullEffort, type Measurement, quickEffort } from "./lib/bench.ts";
import { type Flags, helpText, parseFlags } from "./lib/flags.ts";
import { findLoadTool } from "./lib/load.ts";
import { machineFacts, resultsJson, type RunFacts, writeResults } from "./lib/results.ts";
import { Servers } from "./lib/servers.ts";
import { summarise } from "./lib/summary.ts";
import { formatTable } from "./lib/table.ts";
import { caseTitles } from "./targets.ts";

const cases: readonly BenchCase[] = [
  helloAtLoad,
  helloAlone,
  echo,
  stream,
  calls,
  hops,
  start,
  memory,
  overload,
  idle,
  soaking,
  batching,
  metrics,
];

const say = (line: string): void => console.error(line);

function build(): void {
  say("building dist/");
  const done = spawnSync(process.execPath, ["scripts/build.ts"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (done.status !== 0) throw new Error("dist/ could not be built");
}

async function measure(wanted: readonly BenchCase[], bench: Bench): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const one of wanted) {
    const startMs = performance.now();
    say(`${one.id}  ${caseTitles[one.id]}`);
    measurements.push(...(await one.run(bench)));
    say(`  ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
  }
  return measurements;
}

async function run(flags: Flags): Promise<void> {
  if (!flags.source) build();
  const tool = findLoadTool();
  const effort = flags.quick ? quickEffort : fullEffort;
  const code = flags.source ? "src" : "dist";
  const facts: RunFacts = {
    ...machineFacts(),
    code,
    loadGenerator: tool.name,
    effort,
    profiled: flags.cpuProf !== undefined,
  };
  say(`Node ${facts.node}, ${facts.cores} cores (${facts.cpu}), ${facts.loadGenerator}, ${code} of ${facts.commit}`);
  await using servers = await Servers.create({ fromSource: flags.source, profileFolder: flags.cpuProf });
  endOnSignal(servers);
  const wanted = cases.filter(({ id }) => flags.cases.includes(id));
  const rows = (await measure(wanted, { effort, servers, tool, say })).map(summarise);
  const file = writeResults(facts, rows);
  say("");
  console.log(flags.json ? resultsJson(facts, rows).trimEnd() : formatTable(rows));
  if (!flags.json && flags.quick) console.log("\n--quick: one short round; these figures mean little.");
  if (!flags.json && facts.profiled) console.log("\n--cpu-prof: slowed down by profiling; not for comparison.");
  say(`\nkept in ${file}`);
}

function endOnSignal(servers: Servers): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void servers[Symbol.asyncDispose]().finally(() => process.exit(130)));
  }
}

try {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.help) console.log(helpText);
  else {
    await run(flags).catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1; // R2
    });
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
