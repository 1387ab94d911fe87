// What a case works with: servers, a load generator, how long and how often, and the interleaving of both sides.
//   R1  Both sides are warmed up, then measured in turn: bare, Manta, bare, Manta; medians later drop what one round met.
import type { CaseId, RowId } from "../targets.ts";
import type { Load, LoadTool } from "./load.ts";
import type { LoadResult } from "./load-reports.ts";
import type { Servers } from "./servers.ts";

/** How thorough a run is. */
export interface Effort {
  /** Measurements of each side. */
  readonly rounds: number;
  /** Length of one measurement and of the warm-up before the first, seconds; 0 is no warm-up. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** `npm run bench`. */
export const fullEffort: Effort = { rounds: 3, seconds: 5, warmUpSeconds: 2 };

/** `--quick`: shows that everything works; its figures mean little. */
export const quickEffort: Effort = { rounds: 1, seconds: 1, warmUpSeconds: 0 };

/** What a case found for one row: a figure per round and side. */
export interface Measurement {
  readonly row: RowId;
  readonly bare?: readonly number[];
  readonly manta: readonly number[];
}

/** One case: measures and gives its rows. */
export interface BenchCase {
  readonly id: CaseId;
  run(bench: Bench): Promise<readonly Measurement[]>;
}

/** What a case gets. */
export interface Bench {
  readonly effort: Effort;
  readonly servers: Servers;
  readonly tool: LoadTool;
  /** Shows a line of progress. */
  say(line: string): void;
}

/** Measures each side once per round, in turn (R1). */
export async function interleave<Side extends string, T>(
  rounds: number,
  sides: Readonly<Record<Side, (round: number) => Promise<T>>>,
): Promise<Readonly<Record<Side, readonly T[]>>> {
  const names = Object.keys(sides) as Side[];
  const found = Object.fromEntries(names.map((name): [string, T[]] => [name, []])) as Record<Side, T[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) found[name].push(await sides[name](round));
  }
  return found;
}

/** Loads the sides in turn, after a warm-up of each. */
export async function compare<Side extends string>(
  { effort, tool, say }: Bench,
  loads: Readonly<Record<Side, Load>>,
): Promise<Readonly<Record<Side, readonly LoadResult[]>>> {
  const names = Object.keys(loads) as Side[];
  if (effort.warmUpSeconds > 0) for (const name of names) await tool.run(loads[name], effort.warmUpSeconds);
  const measure = (name: Side) => async (round: number) => {
    const result = await tool.run(loads[name], effort.seconds);
    const rate = Math.round(result.perSecond).toLocaleString("en");
    say(
      `  round ${round + 1}/${effort.rounds}  ${name.padEnd(14)} ${rate.padStart(9)} req/s   p50 ${result.p50Ms.toFixed(3)} ms`,
    );
    return result;
  };
  const sides = Object.fromEntries(names.map((name) => [name, measure(name)]));
  return interleave(effort.rounds, sides as Record<Side, (round: number) => Promise<LoadResult>>);
}
