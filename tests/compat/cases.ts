// The table of config files that Ray and Manta judge. Each line of configs.yaml is a case and its own name.
//   R1  A line is read by itself, as verdicts.py does: what stands in it is what is judged.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfigText } from "../../src/config/read-config-file.ts";

/** Ray's verdict: taken, refused by PUT, or taken and then DEPLOY_FAILED. */
export type RayVerdict = "accepted" | "early" | "late";

/** One line, with what Ray says of it. */
export interface Verdict {
  readonly section: string;
  readonly config: string;
  readonly ray: RayVerdict;
  /** Why Ray refuses it; "" when it does not. */
  readonly reason: string;
}

/** Where the table and the verdicts are. */
export const configsFile = join(import.meta.dirname, "configs.yaml");
export const verdictsFile = join(import.meta.dirname, "verdicts.json");

/** `section` and `config` of every line, in order (R1). */
export function readCases(): readonly Pick<Verdict, "section" | "config">[] {
  let section = "";
  return readFileSync(configsFile, "utf8")
    .split("\n")
    .flatMap((line) => {
      section = /^(\w+):$/.exec(line)?.[1] ?? section;
      return line.startsWith("  - ") ? [{ section, config: line.slice(4) }] : [];
    });
}

/** The config file that a line stands for. */
export function documentOf(section: string, config: string): unknown {
  const given = readConfigText(config, "configs.yaml") as object;
  if (section === "file") return given;
  const fields = section === "application" ? given : { deployments: [{ name: "D", ...given }] };
  return { applications: [{ import_path: "x:app", ...fields }] };
}

/** The verdicts as they are checked in. */
export function readVerdicts(): readonly Verdict[] {
  return JSON.parse(readFileSync(verdictsFile, "utf8")) as Verdict[];
}

/** How verdicts are checked in: one a line, so that a change shows as one. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  return `[\n${verdicts.map((verdict) => `  ${JSON.stringify(verdict)}`).join(",\n")}\n]\n`;
}
