import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseServeConfig } from "../../src/config/serve-config.ts";
import { documentOf, readVerdicts } from "../../tests/compat/cases.ts";
import { configSchema } from "./config-pages.ts";

const schema = z.fromJSONSchema(configSchema() as Parameters<typeof z.fromJSONSchema>[0]);
const documents = readVerdicts().map(({ section, config }) => ({
  section,
  config,
  document: documentOf(section, config),
}));

/** True when the file is taken as it is: nothing is converted, nothing is unknown. */
function isTakenAsIs(document: unknown): boolean {
  try {
    const { config, warnings } = parseServeConfig(document);
    return warnings.length === 0 && isDeepStrictEqual(config, document);
  } catch {
    return false;
  }
}

describe("manta.schema.json", () => {
  const plain = documents.filter(({ document }) => isTakenAsIs(document));

  it("is held against many configs", () => {
    expect(plain.length).toBeGreaterThan(100);
  });

  it.each(plain)("has nothing against $section $config", ({ document }) => {
    expect(schema.safeParse(document).error?.issues).toBeUndefined();
  });

  it.each([
    { applications: [{}] },
    { applications: [{ import_path: "a:b", nmae: "x" }] },
    { applications: [{ import_path: "a:b", route_prefix: "x" }] },
    { applications: [{ import_path: "a:b", deployments: [{ num_replicas: 1 }] }] },
    { applications: [{ import_path: "a:b", deployments: [{ name: "D", num_replicas: "many" }] }] },
    { applications: [{ import_path: "a:b", deployments: [{ name: "D", num_replica: 1 }] }] },
    { applications: [{ import_path: "a:b", deployments: [{ name: "D", autoscaling_config: { max_replicas: 0 } }] }] },
    { applications: [], http_options: { port: 70_000 } },
    { applications: [], proxy_location: "everywhere" },
  ])("marks %j", (document) => {
    expect(schema.safeParse(document).success).toBe(false);
  });
});
