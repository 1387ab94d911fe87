// What a word of `manta why` means: an application, a deployment, a replica. Pure.
//   R1  A word stands for all that has that name; `application/deployment` (or `#`, as in logs) for one deployment.
//   R2  What is part of something that was chosen is not chosen again.
import type { HistoryFilter } from "../model/history.ts";
import { deploymentKey } from "../model/ids.ts";

/** Something that a history can be told of: an application, or a deployment or a replica of one. */
export interface Subject {
  readonly application: string;
  /** Empty: the application as a whole. */
  readonly deployment: string;
  /** Empty: the deployment as a whole. */
  readonly replicaId: string;
}

/** The filters that a word stands for; none when nothing has that name. */
export function chooseSubjects(word: string, known: readonly Subject[]): readonly HistoryFilter[] {
  const chosen = new Map<string, HistoryFilter>();
  const isChosen = ({ application, deployment }: Subject): boolean =>
    chosen.has(application) || chosen.has(deploymentKey(application, deployment)); // R2
  for (const { application } of known) if (application === word) chosen.set(application, { application });
  for (const subject of known) {
    const { application, deployment } = subject;
    const names = [deployment, `${application}/${deployment}`, deploymentKey(application, deployment)];
    if (deployment === "" || !names.includes(word) || isChosen(subject)) continue;
    chosen.set(deploymentKey(application, deployment), { application, deployment });
  }
  for (const subject of known) {
    if (word === "" || subject.replicaId !== word || isChosen(subject)) continue;
    chosen.set(word, subject);
  }
  return [...chosen.values()];
}

/** What there is: each application with its deployments, and each of these with its replicas. */
export function listSubjects(known: readonly Subject[]): string[] {
  const lines = new Map<string, string[]>();
  for (const { application, deployment, replicaId } of known) {
    const path = deployment === "" ? application : `${application}/${deployment}`;
    if (!lines.has(application)) lines.set(application, []);
    const replicas = lines.get(path) ?? [];
    lines.set(path, replicas);
    if (replicaId !== "" && !replicas.includes(replicaId)) replicas.push(replicaId);
  }
  return [...lines].map(([path, replicas]) => [path, ...replicas].join("  ")).toSorted();
}
