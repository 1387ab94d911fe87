// Whether somebody who waits for a deploy may go on: it runs, it failed, or it takes its time. Pure.
import { ServeError } from "../core/errors.ts";
import { hasFailedStarts, readApplicationStatus } from "./read-status.ts";
import type { ControllerState } from "./state.ts";
import type { Verdict } from "./waiters.ts";

/** Of one application. */
export function deployVerdict(state: ControllerState, name: string): Verdict {
  const target = state.applications.get(name);
  if (target === undefined || target.deleting) {
    const message = `application ${name} was deleted while it was deployed`;
    return new ServeError("DEPLOY_FAILED", message, { application: name });
  }
  if (target.build.kind === "building") return "wait";
  const { status, message } = readApplicationStatus(state, target);
  if (status === "DEPLOY_FAILED" || hasFailedStarts(state, target)) {
    return new ServeError("DEPLOY_FAILED", message, { application: name });
  }
  return status === "RUNNING" ? "done" : "wait";
}
