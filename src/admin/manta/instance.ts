// `GET /api/manta/v1/instance`: which instance this is, and where it is reached.
import type { AdminParts } from "../admin-parts.ts";
import { json, type Reply } from "../exchange.ts";
import type { Route } from "../match-route.ts";
import { RAY_VERSION } from "../rest/health.ts";

export function instanceRoute(parts: AdminParts): Route {
  return { method: "GET", path: "/api/manta/v1/instance", answer: () => answer(parts) };
}

function answer({ commands, info }: AdminParts): Reply {
  const { http, admin } = commands.status();
  return json(200, {
    name: "manta-serve",
    version: info.version,
    ray_version: RAY_VERSION,
    namespace: info.namespace,
    pid: info.pid,
    attached: info.attached,
    logs_dir: info.logsDir,
    start_time_s: info.startTimeS,
    http_url: http?.url ?? null,
    admin_url: admin?.url ?? null,
  });
}
