// The command line's flags. Text, bounds and defaults come from the plain data of the option registry, so that a flag
// and the option it sets cannot differ.
//   R1  A flag that was not given is absent: the instance's own defaults and an earlier start then decide.
import { Option } from "commander";
import { checkOption } from "../config/check-options.ts";
import { toServeError } from "../core/errors.ts";
import type { OptionFacts } from "../config/option-facts.ts";
import {
  OPTIONS,
  type ApplicationOptions,
  type InstanceOptions,
  type OptionGroup,
} from "../config/options.generated.ts";
import { UsageError } from "./usage-error.ts";

/** Flags as commander hands them to an action, before they are checked. */
export interface FlagValues {
  readonly httpHost?: string;
  readonly httpPort?: string;
  readonly adminHost?: string;
  readonly adminPort?: string;
  readonly adminToken?: string;
  readonly numCpus?: string;
  readonly proxyLocation?: string;
  readonly name?: string;
  readonly routePrefix?: string;
  readonly namespace?: string;
  readonly json?: true;
  readonly yes?: true;
}

/** `--http-host`, `--http-port`, `--admin-host`, `--admin-port`, `--admin-token`: where an instance listens. */
export function listenFlags(): Option[] {
  return [
    flag("--http-host <host>", OPTIONS.http.host),
    flag("--http-port <port>", OPTIONS.http.port),
    flag("--admin-host <host>", OPTIONS.admin.host),
    flag("--admin-port <port>", OPTIONS.admin.port),
    flag("--admin-token <token>", OPTIONS.admin.token),
  ];
}

/** `--num-cpus`, `--proxy-location`: what an instance has. */
export function instanceFlags(): Option[] {
  return [
    flag("--num-cpus <count>", OPTIONS.instance.numCpus),
    flag("--proxy-location <where>", OPTIONS.instance.proxyLocation, " `Disabled`, `HeadOnly` or `EveryNode`."),
  ];
}

/** `--name`, `--route-prefix`: what an application is deployed as. */
export function applicationFlags(): Option[] {
  return [
    flag("--name <name>", OPTIONS.application.name),
    flag("--route-prefix <prefix>", OPTIONS.application.routePrefix, ' "null" stands for null.'),
  ];
}

/** `--namespace`: which instance is meant. */
export function namespaceFlag(): Option {
  return flag("--namespace <name>", OPTIONS.instance.namespace);
}

/** `--address`: an instance on another machine, by its REST API. */
export function addressFlag(): Option {
  return new Option(
    "-a, --address <url>",
    "Admin server of an instance, also on another machine, such as http://127.0.0.1:8265. Default: the namespace's instance on this machine.",
  );
}

/** `--json`: output for programs. */
export function jsonFlag(text: string): Option {
  return new Option("--json", text);
}

/** `-y, --yes`: no question. */
export function yesFlag(): Option {
  return new Option("-y, --yes", "Do not ask. Needed where there is no terminal to ask on.");
}

function flag(flags: string, facts: OptionFacts, more = ""): Option {
  const known = facts.default === undefined ? "" : ` Default: ${JSON.stringify(facts.default)}.`;
  return new Option(flags, `${facts.text}${more}${known}`);
}

/**
 * What the flags say of the instance (R1).
 * @throws {UsageError} a value that the option refuses
 */
export function instanceOptions(flags: FlagValues): InstanceOptions {
  const http = {
    ...given("http", "host", flags.httpHost, "--http-host"),
    ...given("http", "port", numberOf(flags.httpPort), "--http-port"),
  };
  const admin = {
    ...given("admin", "host", flags.adminHost, "--admin-host"),
    ...given("admin", "port", numberOf(flags.adminPort), "--admin-port"),
    ...given("admin", "token", flags.adminToken, "--admin-token"),
  };
  return {
    http,
    admin,
    ...given("instance", "numCpus", numberOf(flags.numCpus), "--num-cpus"),
    ...given("instance", "proxyLocation", flags.proxyLocation as InstanceOptions["proxyLocation"], "--proxy-location"),
    ...given("instance", "namespace", flags.namespace, "--namespace"),
  };
}

/**
 * What the flags say of the application (R1).
 * @throws {UsageError} a value that the option refuses
 */
export function applicationOptions(flags: FlagValues): ApplicationOptions {
  const prefix = flags.routePrefix === "null" ? null : flags.routePrefix;
  return {
    ...given("application", "name", flags.name, "--name"),
    ...given("application", "routePrefix", prefix, "--route-prefix"),
  };
}

function given<G extends keyof typeof OPTIONS & OptionGroup, N extends keyof (typeof OPTIONS)[G] & string, V>(
  group: G,
  name: N,
  value: V | undefined,
  path: string,
): Partial<Record<N, V>> {
  if (value === undefined) return {};
  try {
    checkOption(group, name, value, path);
  } catch (error) {
    throw new UsageError(toServeError(error).message);
  }
  return { [name]: value } as Partial<Record<N, V>>;
}

/** A number where the text is one; else the text itself, which the option's check refuses and shows. */
function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : (text as undefined);
}
