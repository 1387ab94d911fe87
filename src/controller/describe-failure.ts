// The first lines of an error, as status and log show them (D6). Pure.
import { describeThrown } from "../core/errors.ts";

/** Lines of the message, and of the stack, that are shown. */
const MESSAGE_LINES = 6;
const STACK_LINES = 3;

/** Message of a failure and the top of the stack it came from: the cause's, where the user's code threw. */
export function describeFailure(reason: unknown): string {
  const message = reason instanceof Error ? reason.message : describeThrown(reason);
  const lines = message.split("\n").slice(0, MESSAGE_LINES);
  return [...lines, ...stackOf(causeOf(reason) ?? reason)].join("\n");
}

function causeOf(reason: unknown): unknown {
  return reason instanceof Error ? reason.cause : undefined;
}

function stackOf(reason: unknown): string[] {
  const stack = typeof reason === "object" && reason !== null && "stack" in reason ? reason.stack : undefined;
  if (typeof stack !== "string") return [];
  return stack
    .split("\n")
    .filter((line) => /^\s*at /.test(line))
    .slice(0, STACK_LINES);
}
