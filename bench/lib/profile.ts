// Where the time went, from the `.cpuprofile` files that `node --cpu-prof` writes when a process ends.
import { readdirSync } from "node:fs";
import path from "node:path";

/** The parts of a profile that are read here (V8's format; times in microseconds). */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Functions in a summary. */
const SHOWN = 20;

/** The profiles in a folder and the process of each: `CPU.<date>.<time>.<pid>.<thread>.<n>.cpuprofile`. */
export function profilesIn(folder: string): readonly { readonly file: string; readonly pid: number }[] {
  return readdirSync(folder).flatMap((name) => {
    const pid = /^CPU\.\d+\.\d+\.(\d+)\.\d+\.\d+\.cpuprofile$/.exec(name)?.[1];
    return pid === undefined ? [] : [{ file: path.join(folder, name), pid: Number(pid) }];
  });
}

/** Time spent in each function itself, longest first; waiting for events is left out. */
export function selfTimes(profile: CpuProfile): readonly { readonly name: string; readonly ms: number }[] {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const totals = new Map<string, number>();
  for (const [index, id] of profile.samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === "(idle)" || frame.functionName === "(root)") continue;
    const place = frame.url === "" ? "" : ` ${frame.url.split("/").slice(-2).join("/")}:${frame.lineNumber + 1}`;
    const name = `${frame.functionName === "" ? "(anonymous)" : frame.functionName}${place}`;
    totals.set(name, (totals.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1000);
  }
  return [...totals].map(([name, ms]) => ({ name, ms })).toSorted((a, b) => b.ms - a.ms);
}

/** The busiest functions, one per line, in per cent of the busy time. */
export function formatProfile(title: string, profile: CpuProfile): string {
  const times = selfTimes(profile);
  const totalMs = times.reduce((sum, { ms }) => sum + ms, 0);
  const lines = times
    .slice(0, SHOWN)
    .map(({ name, ms }) => `  ${((100 * ms) / totalMs).toFixed(1).padStart(5)} %  ${name}`);
  return [`${title}: busy ${Math.round(totalMs)} ms`, ...lines].join("\n");
}
