// The status as YAML of the shape that Ray Serve's `serve status` prints (reference 1.7), for scripts that read it. Pure.
//   R1  Scalars are plain only where every YAML reader takes them for strings; else in single quotes, or as a `|` block
//       when they have several lines.
import type { ApplicationPart, DeploymentPart, StatusPart } from "./status-part.ts";

/** The whole status; ends with a line end. */
export function formatStatusYaml(status: Pick<StatusPart, "proxies" | "applications" | "targetCapacity">): string {
  const proxies = Object.entries(status.proxies).map(([node, proxy]) => [`  ${scalar(node)}: ${proxy.status}`]);
  const applications = Object.entries(status.applications).map(([name, application]) => [
    `  ${scalar(name)}:`,
    ...indent(applicationLines(application), 4),
  ]);
  return [
    ...mapOf("proxies", proxies),
    "",
    ...mapOf("applications", applications),
    "",
    `target_capacity: ${status.targetCapacity === null ? "null" : formatFloat(status.targetCapacity)}`,
    "",
  ].join("\n");
}

/** One application's part of it; ends with a line end. */
export function formatApplicationYaml(application: ApplicationPart): string {
  return [...applicationLines(application), ""].join("\n");
}

function applicationLines(application: ApplicationPart): string[] {
  const deployments = Object.entries(application.deployments).map(([name, deployment]) => [
    `  ${scalar(name)}:`,
    ...indent(deploymentLines(deployment), 4),
  ]);
  return [
    `status: ${application.status}`,
    ...text("message", application.message),
    `last_deployed_time_s: ${formatFloat(application.lastDeployedTimeS)}`,
    ...mapOf("deployments", deployments),
  ];
}

function deploymentLines(deployment: DeploymentPart): string[] {
  const counts = Object.entries(Object.groupBy(deployment.replicas, (replica) => replica.state));
  const states = counts.map(([state, replicas]) => [`  ${state}: ${replicas?.length ?? 0}`]);
  return [
    `status: ${deployment.status}`,
    `status_trigger: ${deployment.statusTrigger}`,
    ...mapOf("replica_states", states),
    ...text("message", deployment.message),
  ];
}

/** Python writes a whole float with its point. */
function formatFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function mapOf(key: string, entries: readonly (readonly string[])[]): string[] {
  return entries.length === 0 ? [`${key}: {}`] : [`${key}:`, ...entries.flat()];
}

function indent(lines: readonly string[], by: number): string[] {
  return lines.map((line) => (line === "" ? "" : " ".repeat(by) + line));
}

function text(key: string, raw: string): string[] {
  const value = clean(raw);
  if (!value.includes("\n")) return [`${key}: ${scalar(value)}`];
  const lines = value.split("\n");
  const ends = lines.at(-1) === "";
  const chomping = ends ? (lines.at(-2) === "" ? "+" : "") : "-";
  // A block that begins with a space must say how deep it is.
  const depth = /^\n*[ \t]/.test(value) ? "2" : "";
  return [`${key}: |${depth}${chomping}`, ...indent(ends ? lines.slice(0, -1) : lines, 2)];
}

/** Letters, digits and the few signs that mean nothing in YAML, beginning with a letter or `/`. */
const PLAIN = /^[A-Za-z/](?:[\w ./()+=@~-]*[\w./()+=@~-])?$/;
/** Words that some YAML reader takes for something else than a string. */
const SPECIAL = /^(?:null|true|false|yes|no|on|off|y|n)$/i;

function scalar(raw: string): string {
  const value = clean(raw);
  if (PLAIN.test(value) && !SPECIAL.test(value)) return value;
  return `'${value.replaceAll("'", "''")}'`;
}

const ANSI = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*[A-Za-z]`, "g");

/** Without terminal colours and the characters that YAML forbids. */
function clean(value: string): string {
  return value.replaceAll(ANSI, "").replaceAll(/[^\P{Cc}\n\t]/gu, "");
}
