import { readFileSync } from "node:fs";
import { readEnv } from "../config/env.ts";
import { instancePaths } from "../config/paths.ts";

/** What a command says when there is nothing that it could act on, and why, where a head refused to start. */
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
