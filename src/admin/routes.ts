// Every path of the admin server in one table. What is not here is 404.
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { EXPOSITION_CONTENT_TYPE, formatExposition } from "../telemetry/exposition.ts";
import { mergeSnapshots } from "../telemetry/merge-snapshots.ts";
import type { AdminParts } from "./admin-parts.ts";
import { text } from "./exchange.ts";
import { deploymentRoute } from "./manta/deployment.ts";
import { historyRoute } from "./manta/history.ts";
import { instanceRoute } from "./manta/instance.ts";
import { logsRoute } from "./manta/logs.ts";
import type { Route } from "./match-route.ts";
import { applicationRoutes } from "./rest/applications.ts";
import { healthRoutes } from "./rest/health.ts";
import { scaleRoute } from "./rest/scale.ts";

export function adminRoutes(parts: AdminParts, logger: Logger, clock: Clock): readonly Route[] {
  return [
    ...healthRoutes(parts),
    metricsRoute(parts),
    ...applicationRoutes(parts, clock),
    scaleRoute(parts, logger),
    instanceRoute(parts),
    deploymentRoute(parts),
    historyRoute(parts),
    logsRoute(parts),
  ];
}

function metricsRoute({ metrics, metricsPrefix }: AdminParts): Route {
  const page = async (): Promise<string> => formatExposition(mergeSnapshots(await metrics()), metricsPrefix);
  return { method: "GET", path: "/metrics", answer: async () => text(200, await page(), EXPOSITION_CONTENT_TYPE) };
}
