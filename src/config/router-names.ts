// What `requestRouterClass` may say: one of the built-in routers, or where a user's own is. Pure.

/** Names of the built-in routers (P5). */
export const ROUTERS = ["pow2", "round-robin", "least-loaded", "consistent-hash"] as const;

export type RouterName = (typeof ROUTERS)[number];

/** True for the name of a built-in router. */
export function isRouterName(name: string): name is RouterName {
  return (ROUTERS as readonly string[]).includes(name);
}

/** True for an import path: `./router.ts`, `./router.ts:ByRegion`. */
export function isRouterPath(name: string): boolean {
  return /\.[cm]?[jt]sx?(?::[\w$]+)?$/.test(name);
}
