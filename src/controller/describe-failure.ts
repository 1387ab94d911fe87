// The first lines of an error, as status and log show them (D6). Pure.
import { describeThrown, isServeError } from "../core/errors.ts";

/** Lines of the message, and of the stack, that are shown. */
const MESSAGE_LINES = 6;
const STACK_LINES = 3;

/** A line of a stack within Node: `at Server.listen (node:net:2328:16)`. */
const NODES_OWN = /[( ]node:[\w/]+:\d+:\d+\)?$/;

/** Message of a failure and the top of the stack where user code threw: the cause's. Our own stacks, and Node's, tell users nothing. */
export function describeFailure(reason: unknown): string {
  const message = reason instanceof Error ? reason.message : describeThrown(reason);
  const lines = message.split("\n").slice(0, MESSAGE_LINES);
  const thrown = isServeError(reason) ? reason.cause : reason;
  // What a replica reports has its first stack lines in the message already.
  return (lines.some(isStackLine) ? lines : [...lines, ...stackOf(thrown)]).join("\n");
}

function stackOf(reason: unknown): string[] {
  const stack = typeof reason === "object" && reason !== null && "stack" in reason ? reason.stack : undefined;
  if (typeof stack !== "string") return [];
  const lines = stack.split("\n").filter((line) => isStackLine(line) && !NODES_OWN.test(line));
  return lines.slice(0, STACK_LINES);
}

function isStackLine(line: string): boolean {
  return /^\s*at /.test(line);
}
