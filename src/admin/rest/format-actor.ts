// What Ray Serve says of every process (reference 1.4, ServeActorDetails). Pure.

/** A process as our read model has it. */
export interface ProcessDetails {
  /** Of the replica or proxy; `controller` for the head. */
  readonly id: string;
  readonly nodeId: string;
  readonly nodeIp: string;
  readonly pid: number | null;
  readonly logFilePath: string;
}

/**
 * The fields of ServeActorDetails. Ray's processes are actors with ids of their own; ours have one id, and its process
 * is the worker.
 */
export function formatActor({ id, nodeId, nodeIp, pid, logFilePath }: ProcessDetails, actorName: string): object {
  return {
    node_id: nodeId,
    node_ip: nodeIp,
    node_instance_id: nodeId,
    actor_id: id,
    actor_name: actorName,
    worker_id: pid === null ? null : String(pid),
    log_file_path: logFilePath,
  };
}
