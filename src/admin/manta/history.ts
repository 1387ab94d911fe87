// `GET /api/manta/v1/history`: what was done and why, of everything, an application, a deployment or a replica.
import type { HistoryEntry } from "../../model/history.ts";
import type { AdminParts } from "../admin-parts.ts";
import { type AdminRequest, json, type Reply } from "../exchange.ts";
import type { Route } from "../match-route.ts";
import { checkQuery, countIn } from "./check-query.ts";

/** Newest entries that are shown unless the query says otherwise, and most that it may ask for. Chosen. */
const LIMIT = { fallback: 200, most: 10_000 };

export function historyRoute(parts: AdminParts): Route {
  return { method: "GET", path: "/api/manta/v1/history", answer: (request) => answer(parts, request) };
}

function answer({ commands }: AdminParts, { query }: AdminRequest): Reply {
  checkQuery(query, ["application", "deployment", "replica", "limit"]);
  const limit = countIn(query, "limit", LIMIT.fallback, LIMIT.most);
  const [application, deployment, replicaId] = ["application", "deployment", "replica"].map((key) => query.get(key));
  const entries = commands.history({
    ...(application ? { application } : {}),
    ...(deployment ? { deployment } : {}),
    ...(replicaId ? { replicaId } : {}),
  });
  return json(200, { entries: entries.slice(-limit).map(formatEntry) });
}

function formatEntry({ timeMs, application, deployment, replicaId, event, reason }: HistoryEntry): object {
  return { timestamp_s: timeMs / 1000, application, deployment, replica_id: replicaId, event, reason };
}
