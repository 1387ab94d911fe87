// Finds the application that answers a path: RT1 (longest prefix) after RT3 (`root_path` cut off). Pure.
//   R1  Work per look-up is bounded by the number of distinct prefix lengths, whatever path a client sends.
//   R2  Looking up changes nothing; a new table replaces the old one as a whole.
import type { CallTarget } from "../model/call.ts";
import type { RouteTableData } from "../protocol/control.ts";

/** One way in: requests below `prefix` go to the ingress deployment `target`. */
export interface Route {
  /** Starts with `/`, no trailing `/` unless it is `/` (RT2). */
  readonly prefix: string;
  readonly target: CallTarget;
  /** True: the application is being built, and requests wait for another table (RT5). */
  readonly waits?: true;
  /** Why every request fails: it "failed to deploy". */
  readonly unavailable?: string;
}

const SLASH = 47;

/** Cuts `rootPath` off the front of a path (RT3). A path outside of it is left alone: the proxy before us cut it off. */
export function cutRootPath(path: string, rootPath: string): string {
  if (rootPath === "" || !path.startsWith(rootPath)) return path;
  if (path.length === rootPath.length) return "/";
  return path.charCodeAt(rootPath.length) === SLASH ? path.slice(rootPath.length) : path;
}

/** The routes of one moment. */
export class RouteTable {
  readonly #byPrefix = new Map<string, Route>();
  /** Lengths of the prefixes other than `/`, longest first (R1). */
  readonly #lengths: readonly number[];
  readonly #catchAll: Route | undefined;
  readonly #data: RouteTableData;

  constructor(data: RouteTableData) {
    this.#data = data;
    for (const route of data.routes) this.#byPrefix.set(route.prefix, readRoute(route));
    this.#catchAll = this.#byPrefix.get("/");
    const lengths = new Set(data.routes.filter(({ prefix }) => prefix !== "/").map(({ prefix }) => prefix.length));
    this.#lengths = [...lengths].sort((a, b) => b - a);
  }

  /** The route with the longest prefix of `path`, which starts with `/` and has had the root path cut off. */
  find(path: string): Route | undefined {
    for (const length of this.#lengths) {
      if (length > path.length) continue;
      if (length < path.length && path.charCodeAt(length) !== SLASH) continue;
      const route = this.#byPrefix.get(path.slice(0, length));
      if (route !== undefined) return route;
    }
    return this.#catchAll;
  }

  /** What `/-/routes` shows: application by prefix (RT4). */
  toJSON(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#data.routes.map(({ prefix, application }) => [prefix, application]));
  }
}

function readRoute({ prefix, application, deployment, unavailable }: RouteTableData["routes"][number]): Route {
  if (deployment !== null) return { prefix, target: { application, deployment } };
  const target = { application, deployment: "" };
  return unavailable === undefined ? { prefix, target, waits: true } : { prefix, target, unavailable };
}
