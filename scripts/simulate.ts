// Feeds loads to the autoscaler's own decisions and prints what becomes of it: a table for each curve, the decisions, and
// on demand a picture. `npm run simulate -- --help` tells the options.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { loadCurves } from "./lib/load-curves.ts";
import { configOf, SIMULATION } from "./lib/scaling-page.ts";
import { chartOf, minutesOf, tableOf } from "./lib/scaling-report.ts";
import { simulate, type SimulationOptions } from "./lib/scaling-simulation.ts";

const HELP = `npm run simulate -- [--curve NAME] [--config JSON] [--service-s N] [--start-s N] [--max-ongoing N] [--seed N] [--svg FILE]
  --curve        ${loadCurves.map(({ name }) => name).join(", ")}; all of them when it is left out
  --config       autoscalingConfig as JSON, on top of the one of the docs' page
  --service-s    mean time of a request (${SIMULATION.serviceS})
  --start-s      time from a decision to the first request (${SIMULATION.startS})
  --max-ongoing  maxOngoingRequests (${SIMULATION.maxOngoingRequests})
  --seed         the same seed gives the same numbers (${SIMULATION.seed})
  --svg          where to write a picture; one curve only`;

const { values } = parseArgs({
  options: {
    curve: { type: "string" },
    config: { type: "string", default: "{}" },
    "service-s": { type: "string", default: String(SIMULATION.serviceS) },
    "start-s": { type: "string", default: String(SIMULATION.startS) },
    "max-ongoing": { type: "string", default: String(SIMULATION.maxOngoingRequests) },
    seed: { type: "string", default: String(SIMULATION.seed) },
    svg: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const curves = loadCurves.filter(({ name }) => values.curve === undefined || name === values.curve);
if (values.help || curves.length === 0) {
  console.log(HELP);
  process.exit(values.help ? 0 : 2);
}
const options: SimulationOptions = {
  ...SIMULATION,
  autoscaling: configOf({ ...SIMULATION.autoscaling, ...(JSON.parse(values.config) as object) }),
  serviceS: Number(values["service-s"]),
  startS: Number(values["start-s"]),
  maxOngoingRequests: Number(values["max-ongoing"]),
  seed: Number(values.seed),
};
for (const { name, text, at } of curves) {
  const result = simulate(at, options);
  console.log(`\n${name}: ${text}\n\n${tableOf(minutesOf(result, options))}\n`);
  for (const { second, from, to, reason } of result.decisions) console.log(`${second} s: ${from} -> ${to}. ${reason}`);
  if (values.svg !== undefined) writeFileSync(values.svg, chartOf(`${name}: ${text}`, result, options));
}
