// What an application of a config file is called and where it is reached, when the file does not say. Pure.
import type { ApplicationConfig } from "./config-types.ts";
import { OPTIONS } from "./options.generated.ts";

/** Its name. */
export function applicationName({ name }: ApplicationConfig): string {
  return name ?? OPTIONS.application.name.default;
}

/** Its route prefix; null: it is not reached over HTTP. */
export function applicationPrefix({ route_prefix: prefix }: ApplicationConfig): string | null {
  return prefix === undefined ? OPTIONS.application.routePrefix.default : prefix;
}
