// Between the names of TypeScript (camelCase) and those of YAML and REST (Ray Serve's snake_case): mechanical, with the
// one exception named here. Pure.

/** Ray's `ray_actor_options` is two options here: what a replica needs, and the environment it runs in. */
export const RAY_ACTOR_OPTIONS = { snake: "ray_actor_options", camel: ["resources", "runtimeEnv"] } as const;

/** `maxOngoingRequests` -> `max_ongoing_requests`. */
export function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `max_ongoing_requests` -> `maxOngoingRequests`. */
export function toCamelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
