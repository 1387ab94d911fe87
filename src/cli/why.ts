// `manta why`: what happened to an application, a deployment or a replica, and why; newest first.
//   R1  What is gone can still be asked for while the head remembers it.
import { systemClock } from "../core/clock.ts";
import type { HistoryEntry } from "../model/history.ts";
import type { InstanceStatus } from "../model/status.ts";
import type { WhyFlags } from "./actions.ts";
import { chooseSubjects, listSubjects, type Subject } from "./choose-subjects.ts";
import { EXIT } from "./exit-codes.ts";
import type { HeadClient } from "./head-client.ts";
import { formatHistory } from "./history-lines.ts";
import { namespaceOf } from "./instance-flags.ts";
import { UsageError } from "./usage-error.ts";
import { withHead } from "./with-head.ts";

/** @throws {UsageError} a number of lines that is none */
export async function why(word: string | undefined, flags: WhyFlags): Promise<number> {
  if (!/^\d+$/.test(flags.lines)) throw new UsageError(`--lines: received ${flags.lines}, expected an integer >= 0`);
  return (await withHead(namespaceOf(flags), (head) => tell(head, word, flags))) ?? EXIT.failed;
}

async function tell(head: HeadClient, word: string | undefined, { lines, json }: WhyFlags): Promise<number> {
  const status = await head.status();
  const entries = await find(head, status, word);
  if (entries === undefined) {
    const known = listSubjects([...subjectsOf(status), ...(await head.history({}))]);
    const list = known.length === 0 ? "nothing yet" : `\n  ${known.join("\n  ")}`;
    console.error(`${word}: no application, deployment or replica has this name; there is ${list}`);
    return EXIT.failed;
  }
  const shown = entries.toReversed().slice(0, Number(lines));
  if (json === true) console.log(JSON.stringify(shown, undefined, 2));
  else print(shown, entries.length - shown.length, word === undefined ? [] : statesOf(word, status));
  return EXIT.ok;
}

/** The lines that a word asks for, oldest first; undefined when nothing has that name. */
async function find(
  head: HeadClient,
  status: InstanceStatus,
  word: string | undefined,
): Promise<readonly HistoryEntry[] | undefined> {
  if (word === undefined) return head.history({});
  let filters = chooseSubjects(word, subjectsOf(status));
  if (filters.length === 0) filters = chooseSubjects(word, await head.history({})); // R1
  if (filters.length === 0) return undefined;
  const parts = await Promise.all(filters.map((filter) => head.history(filter)));
  return parts.flat().sort((one, other) => one.timeMs - other.timeMs);
}

function subjectsOf({ applications }: InstanceStatus): Subject[] {
  return Object.values(applications).flatMap(({ name: application, deployments }) => [
    { application, deployment: "", replicaId: "" },
    ...Object.values(deployments).flatMap(({ name: deployment, replicas, recentDeadReplicas }) => [
      { application, deployment, replicaId: "" },
      ...[...replicas, ...recentDeadReplicas].map(({ replicaId }) => ({ application, deployment, replicaId })),
    ]),
  ]);
}

/** How those that the word names are now, with what is said of them. */
function statesOf(word: string, { applications }: InstanceStatus): string[] {
  const named = (...names: string[]): boolean => names.includes(word);
  const line = (who: string, state: string, message: string): string =>
    `${who} is ${state}${message === "" ? "" : `: ${message.trimEnd()}`}`;
  return Object.values(applications).flatMap((application) => [
    ...(named(application.name) ? [line(application.name, application.status, application.message)] : []),
    ...Object.values(application.deployments).flatMap((deployment) => {
      const path = `${application.name}/${deployment.name}`;
      const isAsked = named(application.name, deployment.name, path, `${application.name}#${deployment.name}`);
      return [
        ...(isAsked ? [line(path, `${deployment.status} (${deployment.statusTrigger})`, deployment.message)] : []),
        ...[...deployment.replicas, ...deployment.recentDeadReplicas]
          .filter(({ replicaId }) => named(replicaId))
          .map(({ replicaId, state, pid }) => line(`${path} ${replicaId}`, state, pid === null ? "" : `pid ${pid}`)),
      ];
    }),
  ]);
}

function print(newestFirst: readonly HistoryEntry[], left: number, states: readonly string[]): void {
  const nowMs = systemClock.now();
  if (states.length > 0) console.log(`${states.join("\n")}\n`);
  if (newestFirst.length === 0) return console.log("nothing is remembered of it");
  const offsetMinutes = new Date(nowMs).getTimezoneOffset();
  console.log(formatHistory(newestFirst, nowMs, offsetMinutes).join("\n"));
  if (left > 0) console.log(`\n${left} older; -n ${newestFirst.length + left} shows them`);
}
