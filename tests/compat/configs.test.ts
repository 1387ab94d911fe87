// Our verdicts on the table, against Ray's as they are checked in. `npm run test:compat` asks Ray again.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { effectiveOptions, policyOf } from "../../src/config/effective-options.ts";
import { readConfigFile } from "../../src/config/read-config-file.ts";
import { deploymentConfigOf, parseServeConfig, type ServeConfig } from "../../src/config/serve-config.ts";
import { isServeError } from "../../src/core/errors.ts";
import { documentOf, readCases, readVerdicts, type RayVerdict } from "./cases.ts";

/** Deploys it as far as that goes without code: the code of every deployment sets no option, as for Ray. */
function deploy({ applications }: ServeConfig): void {
  for (const application of applications) {
    policyOf(application.autoscaling_policy);
    const inherited = { logging: null, runtimeEnv: application.runtime_env ?? {} };
    effectiveOptions({}, undefined, inherited);
    for (const { name } of application.deployments ?? []) {
      effectiveOptions({}, deploymentConfigOf(application, name), inherited);
    }
  }
}

function ourVerdict(section: string, config: string): RayVerdict {
  let verdict: RayVerdict = "early";
  try {
    const parsed = parseServeConfig(documentOf(section, config));
    verdict = "late";
    deploy(parsed.config);
    return "accepted";
  } catch (error) {
    if (isServeError(error) && error.code === "CONFIG_INVALID") return verdict;
    throw error;
  }
}

interface Difference {
  readonly reason: string;
  /** `late`: both refuse it, Ray before we do. */
  readonly ours: "accepted" | "refused" | "late";
  readonly configs: readonly string[];
}

const differences = readConfigFile(join(import.meta.dirname, "differences.yaml")) as readonly Difference[];
const verdicts = readVerdicts();

describe("the table", () => {
  it("has at least 150 lines, no two alike, and Ray's verdict on each", () => {
    expect(verdicts.length).toBeGreaterThanOrEqual(150);
    expect(verdicts.map(({ section, config }) => ({ section, config }))).toEqual(readCases());
    expect(new Set(verdicts.map(({ section, config }) => `${section} ${config}`)).size).toBe(verdicts.length);
  });

  it("holds every line that is listed as a difference", () => {
    const lines = new Set(verdicts.map(({ section, config }) => `${section} ${config}`));
    expect(differences.flatMap(({ configs }) => configs).filter((line) => !lines.has(line))).toEqual([]);
  });
});

describe("the verdict is Ray's", () => {
  it.each(verdicts)("on $section $config", ({ section, config, ray }) => {
    const ours = ourVerdict(section, config);
    const difference = differences.find(({ configs }) => configs.includes(`${section} ${config}`));
    if (difference?.ours === "accepted")
      expect([ours, ray]).toEqual(["accepted", expect.not.stringMatching("accepted")]);
    else if (difference?.ours === "late") expect([ours, ray]).toEqual(["late", "early"]);
    else if (difference !== undefined) expect([ours, ray]).toEqual([expect.not.stringMatching("accepted"), "accepted"]);
    else if (ray === "late") expect(ours).not.toBe("accepted");
    else expect(ours).toBe(ray);
  });
});
