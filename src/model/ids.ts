// Names and ids as plain strings, and the few ways they are put together.

/** Id of one replica: 8 lower-case alphanumerics, unique in the instance's life. */
export type ReplicaId = string;
/** Id of one process as the engine knows it: a replica's id, or `proxy-xxxxxxxx`, `builder-xxxxxxxx`. */
export type ProcessId = string;
/** Id of one machine. The local engine has the one node `local`. */
export type NodeId = string;

/** `application#deployment`: the key of a deployment in feeds, logs and metrics. `#` is refused in both names. */
export function deploymentKey(application: string, deployment: string): string {
  return `${application}#${deployment}`;
}
