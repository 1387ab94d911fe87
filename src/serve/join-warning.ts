// What a joining process asked for that the running instance will not give it. Pure.
import type { OptionTable } from "../config/option-facts.ts";
import { OPTIONS, type InstanceOptions } from "../config/options.generated.ts";
import type { InstanceStatus } from "../model/status.ts";

/**
 * One line that names the options which a running instance ignores; undefined when there are none. Hosts and ports are
 * compared with where it listens; of the others only those count that differ from the default.
 */
export function joinWarning(
  given: InstanceOptions,
  namespace: string,
  status: Pick<InstanceStatus, "http" | "admin">,
): string | undefined {
  const ignored = [
    ...(given.namespace === undefined || given.namespace === namespace ? [] : ["namespace"]),
    ...ignoredIn("http", given.http, status.http),
    ...ignoredIn("admin", given.admin, status.admin),
    ...ignoredIn("logging", given.loggingConfig, null),
  ];
  if (ignored.length === 0) return undefined;
  const where = status.http === null ? ` (namespace ${namespace})` : ` (namespace ${namespace}, ${status.http.url})`;
  return `the running instance${where} keeps its own options; ignored: ${ignored.join(", ")}`;
}

type Group = "http" | "admin" | "logging";

const SHOWN_AS = { http: "http", admin: "admin", logging: "loggingConfig" } as const satisfies Record<Group, string>;

function ignoredIn(group: Group, given: object | undefined, actual: object | null): string[] {
  const table: OptionTable = OPTIONS[group];
  return Object.entries(given ?? {})
    .filter(([name, value]) => {
      if (value === undefined || (name === "port" && value === 0)) return false;
      const inForce = actual !== null && name in actual ? actual[name as never] : table[name]?.default;
      return value !== inForce;
    })
    .map(([name]) => `${SHOWN_AS[group]}.${name}`);
}
