import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as api from "manta-serve";

const source = readFileSync(new URL("../../src/index.ts", import.meta.url), "utf8");
const page = readFileSync(new URL("../../docs/reference/api.md", import.meta.url), "utf8");

/** All exported names, types too. */
function exportedNames(): string[] {
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = ""]) => list.split(","));
  const constants = [...source.matchAll(/^export const (\w+)/gm)].map(([, name = ""]) => name);
  return [...lists.map((name) => name.trim()).filter((name) => name !== ""), ...constants].toSorted();
}

describe("docs/reference/api.md", () => {
  it("names each export", () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].flatMap(([, heading = ""]) => heading.split(" and "));
    const quoted = [...page.matchAll(/`(\w+)(?:\([^`]*\))?`/g)].map(([, name = ""]) => name);
    const known = new Set([...headings, ...quoted]);
    expect(exportedNames().filter((name) => !known.has(name))).toEqual([]);
  });

  it("has no heading for a function that is not exported", () => {
    const words = new Set(exportedNames());
    const headings = [...page.matchAll(/^## ([a-zA-Z]+)$/gm)].map(([, name = ""]) => name);
    expect(headings.filter((name) => !words.has(name))).toEqual(["Errors"]);
  });
});

describe("the exports", () => {
  it("are those that this version builds, and no stubs", () => {
    expect(Object.keys(api).toSorted()).toEqual(
      [
        "BackPressureError",
        "ConfigError",
        "DeploymentUnavailableError",
        "ReplicaGoneError",
        "RequestCancelledError",
        "RequestTimeoutError",
        "SerializationError",
        "ServeError",
        "UserCodeError",
        "appBuilder",
        "autoscalingPolicy",
        "deployment",
        "isServeError",
        "logger",
        "metrics",
        "replicaContext",
        "requestContext",
        "serve",
        "sse",
      ].toSorted(),
    );
  });
});
