// Finds the route of a method and a path. Pure.
//   R1  Paths match as they are, part by part: a slash at the end is a part of its own, and none is added or cut off.
//   R2  HEAD is answered by what answers GET, OPTIONS by the list of methods; both are in every `allow`.
import type { AdminRequest, Reply } from "./exchange.ts";

/** One line of the table. */
export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** `/api/x/{name}/y`: a part in braces takes any text but a slash, and not none. */
  readonly path: string;
  readonly answer: (request: AdminRequest) => Reply | Promise<Reply>;
}

export type Match =
  | { readonly kind: "route"; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  /** The path is known, the method is not one of these. */
  | { readonly kind: "method"; readonly allow: readonly string[] }
  | { readonly kind: "options"; readonly allow: readonly string[] }
  | { readonly kind: "none" };

/** @param path raw, as it stands in the request; without the query */
export function matchRoute(routes: readonly Route[], method: string, path: string): Match {
  const parts = decode(path);
  const there = routes.flatMap((route) => {
    const params = parts === undefined ? undefined : matchParts(route.path.split("/"), parts);
    return params === undefined ? [] : [{ route, params }];
  });
  if (there.length === 0) return { kind: "none" };
  const wanted = method === "HEAD" ? "GET" : method;
  const found = there.find(({ route }) => route.method === wanted);
  if (found !== undefined) return { kind: "route", ...found };
  const methods = there.map(({ route }) => route.method);
  const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"]; // R2
  return { kind: method === "OPTIONS" ? "options" : "method", allow };
}

/** The known path that differs from `path` by the slash at its end; undefined when none does. */
export function slashTwin(routes: readonly Route[], path: string): string | undefined {
  const twin = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
  return routes.some((route) => route.path === twin) ? twin : undefined;
}

function decode(path: string): string[] | undefined {
  try {
    return path.split("/").map((part) => decodeURIComponent(part));
  } catch {
    return undefined; // a `%` that encodes nothing
  }
}

function matchParts(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, wanted] of pattern.entries()) {
    const part = parts[index] ?? "";
    const name = /^\{(\w+)\}$/.exec(wanted)?.[1];
    if (name === undefined ? part !== wanted : part === "") return undefined;
    if (name !== undefined) params[name] = part;
  }
  return params;
}
