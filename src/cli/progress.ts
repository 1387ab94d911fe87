// What a person sees while an application comes up: each process, and how long it took since the command was given.
import type { InstanceStatus } from "../model/status.ts";

/** A process that is up. */
export interface ProcessUp {
  readonly name: string;
  readonly pid: number | null;
}

/** The processes that serve by now, but for the replicas in `before`; in the order in which a request meets them. */
export function processesUp(status: InstanceStatus, before: ReadonlySet<string>): ProcessUp[] {
  const proxies = Object.values(status.proxies).filter((proxy) => proxy.status === "HEALTHY");
  const replicas = Object.values(status.applications).flatMap((application) =>
    Object.values(application.deployments).flatMap((deployment) =>
      deployment.replicas
        .filter(({ state, replicaId }) => state === "RUNNING" && !before.has(replicaId))
        .map(({ replicaId, pid }) => ({ name: `replica ${application.name}#${deployment.name} ${replicaId}`, pid })),
    ),
  );
  return [...proxies.map(({ pid }) => ({ name: "proxy", pid })), ...replicas];
}

/** One line: `   84 ms  proxy  pid 4711`. */
export function formatProgress(sinceStartMs: number, { name, pid }: ProcessUp): string {
  return `${sinceStartMs.toFixed(0).padStart(6)} ms  ${name}${pid === null ? "" : `  pid ${pid}`}`;
}

/** All replicas of a status by id. */
export function replicaIds(status: InstanceStatus): Set<string> {
  const deployments = Object.values(status.applications).flatMap((application) =>
    Object.values(application.deployments),
  );
  return new Set(deployments.flatMap(({ replicas }) => replicas.map(({ replicaId }) => replicaId)));
}
