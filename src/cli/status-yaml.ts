// The status as YAML exactly as Ray Serve's `serve status` prints it (reference 1.7), for scripts that read it. Pure.
import { pythonEntry, pythonKey } from "./python-scalar.ts";
import type { ApplicationPart, DeploymentPart, StatusPart } from "./status-part.ts";

/** The whole status; ends with a line end. */
export function formatStatusYaml(status: Pick<StatusPart, "proxies" | "applications" | "targetCapacity">): string {
  const proxies = Object.entries(status.proxies).map(([node, proxy]) => [`  ${pythonKey(node)}: ${proxy.status}`]);
  const applications = Object.entries(status.applications).map(([name, application]) => [
    `  ${pythonKey(name)}:`,
    ...applicationLines(application, 4),
  ]);
  const capacity = status.targetCapacity === null ? "null" : formatFloat(status.targetCapacity);
  const parts = [
    mapOf("proxies", proxies, 0),
    mapOf("applications", applications, 0),
    [`target_capacity: ${capacity}`],
  ];
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** One application's part of it; ends with a line end. */
export function formatApplicationYaml(application: ApplicationPart): string {
  return `${applicationLines(application, 0).join("\n")}\n`;
}

function applicationLines(application: ApplicationPart, indent: number): string[] {
  const pad = " ".repeat(indent);
  const deployments = Object.entries(application.deployments).map(([name, deployment]) => [
    `${pad}  ${pythonKey(name)}:`,
    ...deploymentLines(deployment, indent + 4),
  ]);
  return [
    `${pad}status: ${application.status}`,
    ...pythonEntry("message", withoutColours(application.message), indent),
    `${pad}last_deployed_time_s: ${formatFloat(application.lastDeployedTimeS)}`,
    ...mapOf("deployments", deployments, indent),
  ];
}

function deploymentLines(deployment: DeploymentPart, indent: number): string[] {
  const pad = " ".repeat(indent);
  const counts = Object.entries(Object.groupBy(deployment.replicas, (replica) => replica.state));
  const states = counts.map(([state, replicas]) => [`${pad}  ${state}: ${replicas?.length ?? 0}`]);
  return [
    `${pad}status: ${deployment.status}`,
    `${pad}status_trigger: ${deployment.statusTrigger}`,
    ...mapOf("replica_states", states, indent),
    ...pythonEntry("message", withoutColours(deployment.message), indent),
  ];
}

function mapOf(key: string, entries: readonly (readonly string[])[], indent: number): string[] {
  const pad = " ".repeat(indent);
  return entries.length === 0 ? [`${pad}${key}: {}`] : [`${pad}${key}:`, ...entries.flat()];
}

/** Python writes a whole float with its point. */
function formatFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const ANSI = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*[A-Za-z]`, "g");

function withoutColours(text: string): string {
  return text.replaceAll(ANSI, "");
}
