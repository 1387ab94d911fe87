// The answer of `GET /api/serve/applications/`: Ray Serve's ServeInstanceDetails (reference 1.4) from our read model.
// Pure. Each field is written once, here or in the two files beside it; keys inside what users wrote stay as they are.
//   R1  No key that the reference does not list: Ray's clients refuse a reply that has one.
//   R2  Where nothing runs, the answer is the empty skeleton, without any further key.
import { httpOptionsSchemaOf } from "../../config/to-ray-schema.ts";
import type { InstanceStatus, ProxyDetails } from "../../model/status.ts";
import { formatControllerHealth, type HeadHealth } from "./format-controller-health.ts";
import { formatApplication } from "./format-application.ts";
import { formatActor } from "./format-actor.ts";

/** What is left out of the answer unless it says so; undefined: nothing. */
export type SourceFilter = "imperative" | "declarative" | undefined;

/** What Ray answers where there is no controller (R2). */
const SKELETON = { controller_info: {}, proxies: {}, applications: {}, target_capacity: null };

/** Of gRPC, which the proxies do not speak yet: Ray's defaults, with which Ray's do not either. */
const GRPC_OPTIONS = { port: 9000, grpc_servicer_functions: [], request_timeout_s: null, enable_reflection: true };

/** @param source applications of the other source are left out; everything else stays */
export function formatInstance(status: InstanceStatus, health: HeadHealth, source: SourceFilter): object {
  const { controller, proxyLocation, proxies, applications, targetCapacity } = status;
  if (controller === null) return SKELETON;
  const shown = Object.values(applications).filter((one) => source === undefined || one.source === source);
  return {
    controller_info: formatActor({ ...controller, id: "controller" }, "SERVE_CONTROLLER_ACTOR"),
    proxy_location: proxyLocation,
    ...formatHttpOptions(status),
    grpc_options: GRPC_OPTIONS,
    proxies: Object.fromEntries(Object.values(proxies).map((proxy) => [proxy.nodeId, formatProxy(proxy)])),
    applications: Object.fromEntries(shown.map((one) => [one.name, formatApplication(one)])),
    target_capacity: targetCapacity,
    target_groups: formatTargetGroups(status),
    controller_health_metrics: formatControllerHealth(health),
    restores_unset_config_options: true,
  };
}

/** The port is the one that is listened on, where 0 was asked for. */
function formatHttpOptions({ httpOptions, http }: InstanceStatus): object {
  if (httpOptions === null) return {};
  const port = http?.port ?? httpOptions.port;
  return { http_options: httpOptionsSchemaOf({ ...httpOptions, port }) };
}

function formatProxy(proxy: ProxyDetails): object {
  return { ...formatActor(proxy, proxyName(proxy)), status: proxy.status };
}

/** One group when there are proxies: every healthy one of them takes the requests of every application. */
function formatTargetGroups({ proxies, http }: InstanceStatus): object[] {
  const all = Object.values(proxies);
  if (all.length === 0) return [];
  const healthy = all.filter(({ status }) => status === "HEALTHY" && http !== null);
  return [
    {
      targets: healthy.map((proxy) => ({
        ip: proxy.nodeIp,
        port: http?.port,
        instance_id: proxy.nodeId,
        name: proxyName(proxy),
      })),
      route_prefix: "/",
      protocol: "HTTP",
      app_name: "",
      ingress_request_router_targets: [],
      ingress_deployment_name: "",
    },
  ];
}

function proxyName({ nodeId }: ProxyDetails): string {
  return `SERVE_PROXY_ACTOR-${nodeId}`;
}
