// `POST /api/v1/applications/{application}/deployments/{deployment}/scale`: an external autoscaler sets the number of
// replicas (reference 1.1, table of the scale endpoint). Replies are JSON, an error's `{"error": text}`.
import { isServeError, ServeError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { AdminParts } from "../admin-parts.ts";
import { type AdminRequest, json, type Reply } from "../exchange.ts";
import type { Route } from "../match-route.ts";

const ACCEPTED = { message: "Scaling request received. Deployment will get scaled asynchronously." };

export function scaleRoute(parts: AdminParts, logger: Logger): Route {
  const path = "/api/v1/applications/{application}/deployments/{deployment}/scale";
  return { method: "POST", path, answer: (request) => scale(parts, request, logger) };
}

async function scale({ commands }: AdminParts, request: AdminRequest, logger: Logger): Promise<Reply> {
  const { application = "", deployment = "" } = request.params;
  const wanted = readWanted(await request.body());
  if (typeof wanted === "string") return refusal(400, `Invalid request body: ${wanted}`);
  if (commands.status().controller === null) return refusal(503, "Serve controller is not available");
  try {
    commands.scale(application, deployment, wanted);
    return json(200, ACCEPTED);
  } catch (error) {
    logger.warn("admin.scale_refused", { application, deployment, error });
    return isServeError(error) ? refusalOf(error, application, deployment) : refusal(503, "Internal Server Error");
  }
}

/** The number that the body asks for, or what is wrong with the body. */
function readWanted(bytes: Uint8Array): number | string {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    return error instanceof Error ? error.message : "it is not JSON";
  }
  if (typeof body !== "object" || body === null || !("target_num_replicas" in body)) {
    return "target_num_replicas is missing";
  }
  const { target_num_replicas: given } = body;
  // Ray's parser takes numbers in strings as well.
  const wanted = typeof given === "string" && /^\s*\d+\s*$/.test(given) ? Number(given) : given;
  if (typeof wanted === "number" && Number.isSafeInteger(wanted) && wanted >= 0) return wanted;
  return `target_num_replicas: received ${JSON.stringify(given)}, expected a whole number of at least 0`;
}

function refusalOf(error: ServeError, application: string, deployment: string): Reply {
  if (error.code === "APPLICATION_NOT_FOUND" || error.code === "DEPLOYMENT_NOT_FOUND") {
    return refusal(404, "Application or Deployment not found");
  }
  if (error.details["reason"] === "deleting") return refusal(412, "Deployment is deleted");
  if (error.details["reason"] === "external scaler disabled") {
    const what = `The replicas of deployment '${deployment}' of application '${application}' are not scaled from outside`;
    const how = "set external_scaler_enabled to true in the application's configuration and deploy it again";
    return refusal(412, `${what}: external_scaler_enabled is false; ${how}.`);
  }
  return refusal(503, "Internal Server Error");
}

function refusal(status: number, error: string): Reply {
  return json(status, { error });
}
