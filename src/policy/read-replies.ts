// From what a user's policy returned to decisions by deployment name. Nothing else than documented is taken for an answer.
import { showValue } from "../config/check-rule.ts";
import { ServeError } from "../core/errors.ts";
import type { PolicyDecision } from "../model/autoscaling-context.ts";
import type { PolicyQuestion } from "../protocol/control.ts";

type Decisions = Readonly<Record<string, PolicyDecision>>;

/** @throws {ServeError} USER_CODE: it is no answer to the question */
export function readReplies(question: PolicyQuestion, reply: unknown): Decisions {
  const { policy, scope, contexts } = question;
  if (scope === "deployment") {
    return Object.fromEntries(contexts.map(({ deploymentName }) => [deploymentName, readReply(policy.name, reply)]));
  }
  if (typeof reply !== "object" || reply === null)
    throw wrong(policy.name, reply, "an object of numbers by deployment");
  const entries = reply instanceof Map ? [...(reply as Map<string, unknown>)] : Object.entries(reply);
  const known = new Set(contexts.map(({ deploymentName }) => deploymentName));
  return Object.fromEntries(
    entries.map(([deployment, one]) => {
      if (!known.has(deployment)) {
        const message = `the policy ${policy.name} speaks of ${deployment}, which does not autoscale here; known: ${[...known].join(", ")}`;
        throw new ServeError("USER_CODE", message);
      }
      return [deployment, readReply(policy.name, one)];
    }),
  );
}

function readReply(name: string, reply: unknown): PolicyDecision {
  const [replicas, state]: readonly unknown[] = Array.isArray(reply) ? (reply as unknown[]) : [reply, {}];
  if (typeof replicas === "number" && Number.isFinite(replicas)) return { replicas, state };
  throw wrong(name, replicas, "a number of replicas, or [replicas, state]");
}

function wrong(name: string, received: unknown, expected: string): ServeError {
  return new ServeError("USER_CODE", `the policy ${name} returned ${showValue(received)}, expected ${expected}`);
}
