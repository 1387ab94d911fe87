// `manta status`: a table on a terminal, Ray Serve's YAML when piped, our own data as JSON when asked.
import { systemClock } from "../core/clock.ts";
import type { InstanceStatus } from "../model/status.ts";
import type { StatusFlags } from "./actions.ts";
import { EXIT } from "./exit-codes.ts";
import { namespaceOf } from "./instance-flags.ts";
import { noSuchApplication } from "./no-such-application.ts";
import { formatApplicationTable, formatStatusTable } from "./status-table.ts";
import { formatApplicationYaml, formatStatusYaml } from "./status-yaml.ts";
import { withHead } from "./with-head.ts";

/** @throws {ServeError} APPLICATION_NOT_FOUND for a `--name` that is none */
export async function status(flags: StatusFlags): Promise<number> {
  if (flags.address !== undefined) return (await import("./remote-status.ts")).remoteStatus(flags.address, flags);
  const code = await withHead(namespaceOf(flags), async (head) => {
    if (flags.watch === true) return watch(() => head.status(), flags);
    process.stdout.write(format(await head.status(), flags));
    return EXIT.ok;
  });
  return code ?? EXIT.failed;
}

async function watch(look: () => Promise<InstanceStatus>, { name }: StatusFlags): Promise<number> {
  const [{ watchStatus }, { stateLines }] = await Promise.all([
    import("./watch-status.ts"),
    import("./status-changes.ts"),
  ]);
  return watchStatus(async () => {
    const all = await look();
    const application = name === undefined ? undefined : all.applications[name];
    const seen =
      name === undefined ? all : { ...all, applications: application === undefined ? {} : { [name]: application } };
    return { table: formatStatusTable(seen, systemClock.now()), states: stateLines(seen) };
  });
}

function format(all: InstanceStatus, { name, json }: StatusFlags): string {
  const application = name === undefined ? undefined : all.applications[name];
  if (name !== undefined && application === undefined) throw noSuchApplication(name, all);
  if (json === true) return `${JSON.stringify(application ?? all, undefined, 2)}\n`;
  const nowMs = systemClock.now();
  if (process.stdout.isTTY)
    return `${application === undefined ? formatStatusTable(all, nowMs) : formatApplicationTable(application, nowMs)}\n`;
  return application === undefined ? formatStatusYaml(all) : formatApplicationYaml(application);
}
