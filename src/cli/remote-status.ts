// `manta status --address`: Ray Serve's YAML of an instance behind its REST API, also on a terminal.
import type { StatusFlags } from "./actions.ts";
import { EXIT } from "./exit-codes.ts";
import { noSuchApplication } from "./no-such-application.ts";
import { RestInstance } from "./rest-instance.ts";
import { stateLines } from "./status-changes.ts";
import type { StatusPart } from "./status-part.ts";
import { formatApplicationYaml, formatStatusYaml } from "./status-yaml.ts";
import { watchStatus } from "./watch-status.ts";

/** @throws {ServeError} APPLICATION_NOT_FOUND, ENGINE when nobody answers */
export async function remoteStatus(address: string, flags: StatusFlags): Promise<number> {
  const instance = new RestInstance(address);
  if (flags.watch === true) {
    return watchStatus(async () => {
      const status = await instance.status();
      return { table: format(status, flags), states: stateLines(status) };
    });
  }
  process.stdout.write(format(await instance.status(), flags));
  return EXIT.ok;
}

function format(status: StatusPart, { name, json }: StatusFlags): string {
  const application = name === undefined ? undefined : status.applications[name];
  if (name !== undefined && application === undefined) throw noSuchApplication(name, status);
  if (json === true) return `${JSON.stringify(application ?? status, undefined, 2)}\n`;
  return application === undefined ? formatStatusYaml(status) : formatApplicationYaml(application);
}
