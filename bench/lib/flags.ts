// The words of `npm run bench -- ...`.
import { parseArgs } from "node:util";
import { type CaseId, caseTitles, usualCases } from "../targets.ts";

/** What was asked for. */
export interface Flags {
  readonly cases: readonly CaseId[];
  readonly quick: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly source: boolean;
  readonly cpuProf: string | undefined;
}

const known = Object.keys(caseTitles) as CaseId[];

export const helpText = `Measures Manta against bare node:http servers in one run (targets: bench/targets.ts).

  npm run bench                           build dist/, measure all cases but T11 (about 9 minutes)
  npm run bench -- --cases T1,T3          these only
  npm run bench -- --quick                one short round: shows that it works, figures mean little
  npm run bench -- --source               measure src/ by type stripping instead of a build
  npm run bench -- --cpu-prof .cache/prof CPU profiles of Manta's processes; the busiest functions of proxy and replica
  npm run bench -- --json                 print the results as JSON instead of the table

${known.map((id) => `  ${id}  ${caseTitles[id]}`).join("\n")}

Exit code 1 when an answer was wrong or a server failed, 2 for unknown words. A missed target is no failure: figures
depend on the machine. Only ratios of one run count.
`;

/** @throws {Error} a word or a case that does not exist */
export function parseFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cases: { type: "string", default: usualCases.join() },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      source: { type: "boolean", default: false },
      "cpu-prof": { type: "string" },
    },
  });
  const wanted = values.cases.split(",");
  const unknown = wanted.filter((id) => !Object.hasOwn(caseTitles, id));
  if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(", ")}; there are ${known.join(", ")}`);
  const { quick, json, help, source } = values;
  return { cases: known.filter((id) => wanted.includes(id)), quick, json, help, source, cpuProf: values["cpu-prof"] };
}
