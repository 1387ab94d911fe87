// What an instance at rest may have and use, and what is left of it after its end.
import type { Instance, Usage } from "./instance.ts";

/** Files of a namespace. */
const FILES =
  /^(?:token|lock\.db(?:-journal)?|head\.pid|state\.db(?:-wal|-shm|-acknowledged)?|logs|run|[a-z-]+\.sock)$/;

/** Chosen: a head or proxy of a small application has about 30 and 80. */
const MOST_OPEN_FILES = 100;
const MOST_MIB = 250;

export interface Leaks {
  readonly usage: Readonly<Record<"head" | "proxy", Usage>>;
  readonly problems: readonly string[];
}

/** Looks at processes, sockets, files and use of an instance at rest. @param replicas how many it should have */
export function findLeaks(instance: Instance, replicas: number): Leaks {
  const problems: string[] = [];
  const programs = Object.fromEntries([...instance.programs()].map(([name, pids]) => [name, pids.length]));
  const wanted = { supervisor: 1, head: 1, proxy: 1, replica: replicas };
  for (const name of new Set([...Object.keys(programs), ...Object.keys(wanted)])) {
    const [has, should] = [programs[name] ?? 0, wanted[name as keyof typeof wanted] ?? 0];
    if (has !== should) problems.push(`${has} processes ${name}, and there should be ${should}`);
  }
  const zombies = instance.zombiesOf([...instance.pids("head"), ...instance.pids("supervisor")]);
  if (zombies.length > 0) problems.push(`zombies: ${zombies.join()}`);
  const { root, sockets } = instance.files();
  const strange = root.filter((name) => !FILES.test(name));
  if (strange.length > 0) problems.push(`files in the namespace's folder: ${strange.join()}`);
  if (sockets.length !== replicas + 1)
    problems.push(`${sockets.length} sockets for ${replicas} replicas and a head: ${sockets.join()}`);
  const usage = { head: instance.usage("head"), proxy: instance.usage("proxy") };
  for (const [name, { openFiles, residentMiB }] of Object.entries(usage)) {
    if (openFiles > MOST_OPEN_FILES) problems.push(`the ${name} has ${openFiles} files open`);
    if (residentMiB > MOST_MIB) problems.push(`the ${name} holds ${residentMiB} MiB`);
  }
  return { usage, problems };
}

/** Ends the instance and looks for what is left. */
export async function findRemains(instance: Instance): Promise<readonly string[]> {
  await instance.manta("shutdown", "-y");
  const nothing = async (): Promise<boolean> => instance.programs().size === 0;
  await instance.until(nothing, "no process is left", 10_000).catch(() => undefined);
  const left = [...instance.programs()].map(([name, pids]) => `after the end ${name} ${pids.join()} still runs`);
  const { sockets } = instance.files();
  return sockets.length === 0 ? left : [...left, `after the end sockets are left: ${sockets.join()}`];
}
