// What probes and clients ask first: versions and health (reference 1.1, 1.3).
import { VERSION } from "../../core/version.ts";
import type { AdminParts } from "../admin-parts.ts";
import { json, type Reply, text } from "../exchange.ts";
import type { Route } from "../match-route.ts";

/** The era of Ray Serve whose REST API this is (compatibility.md). */
export const RAY_VERSION = "2.60.0";

/** Of Ray's clients' own protocol (reference 1.1). */
const CLIENT_VERSION = "4";

/** Ray's content type of a probe's answer (reference 1.3). */
const PROBE_TYPE = "application/text";

export function healthRoutes({ info, isReady }: AdminParts): readonly Route[] {
  const version = json(200, {
    version: CLIENT_VERSION,
    ray_version: RAY_VERSION,
    ray_commit: "",
    session_name: info.namespace,
    name: "manta-serve",
    manta_version: VERSION,
  });
  const probe = (healthy: string): Reply =>
    isReady() ? text(200, healthy, PROBE_TYPE) : text(503, "the controller is starting", PROBE_TYPE);
  return [
    { method: "GET", path: "/api/ray/version", answer: () => version },
    { method: "GET", path: "/api/version", answer: () => version },
    { method: "GET", path: "/api/gcs_healthz", answer: () => probe("success") },
    { method: "GET", path: "/api/local_raylet_healthz", answer: () => probe("success") },
    { method: "GET", path: "/api/healthz", answer: () => probe("raylet: success\ngcs: success") },
    { method: "GET", path: "/-/healthz", answer: () => text(200, "success") },
  ];
}
