// What differs between two looks at the status, one line each; for `manta status --watch` where nobody draws tables. Pure.
//   R1  A first look says everything that is there.
import type { ApplicationPart, StatusPart } from "./status-part.ts";

/** The state of each thing by its name. */
export type StateLines = ReadonlyMap<string, string>;

/** What there is, each with its state: proxies, applications, deployments, replicas. */
export function stateLines(status: Pick<StatusPart, "proxies" | "applications">): StateLines {
  const lines = new Map<string, string>();
  for (const [node, proxy] of Object.entries(status.proxies)) lines.set(`proxy ${node}`, proxy.status);
  for (const application of Object.values(status.applications)) addApplication(lines, application);
  return lines;
}

function addApplication(lines: Map<string, string>, { name, status, message, deployments }: ApplicationPart): void {
  lines.set(name, withMessage(status, message));
  for (const deployment of Object.values(deployments)) {
    const path = `${name}/${deployment.name}`;
    const running = deployment.replicas.filter(({ state }) => state === "RUNNING").length;
    const counts = `${running}/${deployment.targetNumReplicas} replicas`;
    lines.set(path, withMessage(`${deployment.status} ${counts}`, deployment.message));
    for (const { replicaId, state } of deployment.replicas) lines.set(`${path} ${replicaId}`, state);
  }
}

/** `name: state` of what is new or another than before, then of what is gone. */
export function changesBetween(before: StateLines, after: StateLines): string[] {
  const changed = [...after].filter(([name, state]) => before.get(name) !== state);
  const gone = [...before.keys()].filter((name) => !after.has(name));
  return [...changed.map(([name, state]) => `${name}: ${state}`), ...gone.map((name) => `${name}: gone`)];
}

function withMessage(state: string, message: string): string {
  return message === "" ? state : `${state}: ${message.trimEnd().replaceAll(/\s*\n\s*/g, " | ")}`;
}
