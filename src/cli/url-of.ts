// Where an application answers. Pure.
import type { StatusPart } from "./status-part.ts";

/** Null when it has no route, or no proxy listens. */
export function urlOf(status: Pick<StatusPart, "applications" | "http">, name: string): string | null {
  const prefix = status.applications[name]?.routePrefix ?? null;
  return prefix === null || status.http === null ? null : new URL(prefix, status.http.url).href;
}
