// The status as a person at a terminal reads it. Pure.
import type { ApplicationDetails, DeploymentDetails, InstanceStatus, ReplicaDetails } from "../model/status.ts";
import { formatDuration, formatTable } from "./table.ts";

/** The whole status. @param nowMs Unix milliseconds, for how long replicas run */
export function formatStatusTable(status: InstanceStatus, nowMs: number): string {
  const applications = Object.values(status.applications);
  const places = [
    `http   ${status.http?.url ?? "not listening"}`,
    ...(status.admin === null ? [] : [`admin  ${status.admin.url}`]),
  ];
  const parts = [
    places,
    formatTable(
      ["PROXY", "STATUS", "PID"],
      Object.entries(status.proxies).map(([node, { status: state, pid }]) => [node, state, idOf(pid)]),
    ),
    applications.length === 0 ? ["no applications"] : applicationLines(applications, nowMs),
  ];
  return parts.map((lines) => lines.join("\n")).join("\n\n");
}

/** Some applications of it. */
export function formatApplicationTable(application: ApplicationDetails, nowMs: number): string {
  return applicationLines([application], nowMs).join("\n");
}

function applicationLines(applications: readonly ApplicationDetails[], nowMs: number): string[] {
  const head = ["APPLICATION", "ROUTE", "STATUS", "DEPLOYMENT", "STATUS", "REPLICA", "STATE", "PID", "UP"];
  const table = formatTable(
    head,
    applications.flatMap((application) => applicationRows(application, nowMs)),
  );
  const messages = applications.flatMap(messagesOf);
  return messages.length === 0 ? table : [...table, "", ...messages];
}

function applicationRows(application: ApplicationDetails, nowMs: number): string[][] {
  const own = [application.name, application.routePrefix ?? "-", application.status];
  const rows = Object.values(application.deployments).flatMap((deployment) => deploymentRows(deployment, nowMs));
  return spread(own, rows);
}

function deploymentRows(deployment: DeploymentDetails, nowMs: number): string[][] {
  const own = [deployment.name, deployment.status];
  return spread(
    own,
    deployment.replicas.map((replica) => replicaRow(replica, nowMs)),
  );
}

function replicaRow({ replicaId, state, pid, startTimeS }: ReplicaDetails, nowMs: number): string[] {
  return [replicaId, state, idOf(pid), formatDuration(nowMs - startTimeS * 1000)];
}

/** What is said once stands in front of the first row, and nothing in front of the others. */
function spread(own: readonly string[], rows: readonly (readonly string[])[]): string[][] {
  if (rows.length === 0) return [[...own]];
  return rows.map((row, index) => [...(index === 0 ? own : own.map(() => "")), ...row]);
}

function messagesOf(application: ApplicationDetails): string[] {
  const said = [[application.name, application.message] as const].concat(
    Object.values(application.deployments).map(
      ({ name, message }) => [`${application.name}#${name}`, message] as const,
    ),
  );
  return said.filter(([, message]) => message !== "").map(([name, message]) => `${name}: ${message}`);
}

function idOf(pid: number | null): string {
  return pid === null ? "-" : String(pid);
}
