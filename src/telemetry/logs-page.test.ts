// docs/reference/logs.md against the code that writes the lines.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { OPTIONS } from "../config/options.generated.ts";
import { LOG_LIMITS } from "../head/log-keeper.ts";
import { logFileName, outputFileName } from "./file-names.ts";
import { createLineFormatter, type AccessEntry, type LogComponent } from "./log-format.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/reference/logs.md"), "utf8");
const timeMs = new Date(2026, 10, 21, 12, 0, 0, 123).getTime();
const replica: LogComponent = { kind: "replica", application: "app1", deployment: "Ingress", replicaId: "k3f9q2zz" };

function sample(name: string): string {
  return new RegExp(`\`\`\`text ${name}\n([^]*?)\`\`\``).exec(page)?.[1] ?? `no block ${name}`;
}

it.each(["TEXT", "JSON"] as const)("shows %s lines as they are written", (encoding) => {
  const source = { pid: 4711, startMs: timeMs };
  const format = createLineFormatter(replica, { encoding, additionalLogStandardAttrs: [] }, source);
  const request = { requestId: "5c8f1d2e", application: "app1" };
  const entry: AccessEntry = {
    method: "GET",
    route: "/",
    status: 200,
    latencyMs: 3.4,
    call: "",
    client: "",
    ...request,
  };
  const fields = { model: "large", ms: 120, ...request };
  // The page's clock stands in UTC.
  const shown = (line: string): string =>
    line.replace(String(timeMs * 1e6), String(Date.UTC(2026, 10, 21, 12, 0, 0, 123) * 1e6));
  expect(sample(`${encoding} access`)).toBe(shown(format.access(entry, timeMs)));
  expect(sample(`${encoding} record`)).toBe(
    shown(format.record({ level: "info", event: "model.loaded", fields }, timeMs)),
  );
});

it.each<[LogComponent, "log" | "out"]>([
  [{ kind: "controller", id: "PID" }, "log"],
  [{ kind: "proxy", id: "ADDRESS" }, "log"],
  [{ kind: "supervisor", id: "PID" }, "log"],
  [{ kind: "replica", application: "APPLICATION", deployment: "DEPLOYMENT", replicaId: "ID" }, "log"],
  [{ kind: "builder", application: "APPLICATION", pid: NaN }, "out"],
  [{ kind: "policy", id: "APPLICATION" }, "out"],
])("names the file of %o", (component, end) => {
  const name = end === "log" ? logFileName(component) : outputFileName(component);
  const shown = name.replace("NaN", "PID").replaceAll(/[A-Z]+/g, (word) => `<${word.toLowerCase()}>`);
  expect(page).toContain(`| \`${shown}\``);
});

it("names the limits that hold", () => {
  const { outputBytes, outputBackups, keptPrograms, keptBytes } = LOG_LIMITS;
  expect(page).toContain(
    `${outputBytes / 1e6} MB, then it is copied to \`.out.1\` and cut; ${outputBackups} older ones stay`,
  );
  expect(page).toContain(`those of the newest ${keptPrograms}, at most ${keptBytes / 1e6} MB together`);
  expect(page).toContain("512 MB, then it becomes `.log.1`; 5 older ones stay");
});

it("names every option with its default", () => {
  const rows = [...page.matchAll(/^\| `(\w+)` +\| +(\S+) +\|/gm)].map(([, name, value]) => [
    name,
    value?.replaceAll("`", ""),
  ]);
  const options = Object.entries(OPTIONS.logging).map(([name, facts]) => {
    const { default: value } = facts as { default: unknown };
    return [name, typeof value === "string" ? value : JSON.stringify(value)];
  });
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(options));
});
