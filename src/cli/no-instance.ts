// What a command says where nothing runs that it could act on.
import { readFileSync } from "node:fs";
import { readEnv } from "../config/env.ts";
import { instancePaths } from "../config/paths.ts";

/** That no instance runs in the namespace, and what to do, or why its head refused to start. */
export function noInstance(namespace: string): string {
  const why = refusalOf(namespace);
  if (why !== "") return `no instance runs in namespace ${namespace}; its head did not start: ${why}`;
  return `no instance runs in namespace ${namespace}; start one by manta run <file> or manta start`;
}

function refusalOf(namespace: string): string {
  try {
    return readFileSync(instancePaths(readEnv().home, namespace).refusal, "utf8").trim();
  } catch {
    return "";
  }
}
