// `manta status`: a table on a terminal, Ray Serve's YAML when piped, our own data as JSON when asked.
import { systemClock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import type { InstanceStatus } from "../model/status.ts";
import { EXIT } from "./exit-codes.ts";
import type { FlagValues } from "./flags.ts";
import { findHead } from "./head-client.ts";
import { namespaceOf } from "./instance-flags.ts";
import { noInstance } from "./no-instance.ts";
import { formatApplicationTable, formatStatusTable } from "./status-table.ts";
import { formatApplicationYaml, formatStatusYaml } from "./status-yaml.ts";

/** @throws {ServeError} APPLICATION_NOT_FOUND for a `--name` that is none */
export async function status(flags: FlagValues): Promise<number> {
  const namespace = namespaceOf(flags);
  const head = await findHead(namespace);
  if (head === undefined) {
    console.error(noInstance(namespace));
    return EXIT.failed;
  }
  try {
    process.stdout.write(format(await head.status(), flags));
    return EXIT.ok;
  } finally {
    head.close();
  }
}

function format(all: InstanceStatus, { name, json }: FlagValues): string {
  const application = name === undefined ? undefined : all.applications[name];
  if (name !== undefined && application === undefined) {
    const names = Object.keys(all.applications).join(", ") || "none";
    throw new ServeError("APPLICATION_NOT_FOUND", `application ${name} not found; there are: ${names}`, {
      application: name,
    });
  }
  if (json === true) return `${JSON.stringify(application ?? all, undefined, 2)}\n`;
  const nowMs = systemClock.now();
  if (process.stdout.isTTY)
    return `${application === undefined ? formatStatusTable(all, nowMs) : formatApplicationTable(application, nowMs)}\n`;
  return application === undefined ? formatStatusYaml(all) : formatApplicationYaml(application);
}
