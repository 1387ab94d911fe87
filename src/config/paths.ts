// Where an instance lives on disk: one folder below `MANTA_HOME` for each namespace (api.md section 4). Rules only:
// nothing here makes, reads or removes a file.
//   R1  Driver, CLI, supervisor and every program of the instance find the same places from (home, namespace) alone.
//   R2  A Unix socket's path has at most 103 bytes (macOS; Linux takes 107). Where the instance's own folder is too
//       deep for that, sockets live in a short folder under the system's temporary directory, named by a hash.
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longest path of a Unix socket that every supported system takes, bytes (R2). */
const MAX_SOCKET_PATH_BYTES = 103;

/** Longest name of a socket: a process id of at most 12 characters (architecture section 4). */
const MAX_SOCKET_NAME_BYTES = 12;

/** The places of one instance, absolute. */
export interface InstancePaths {
  /** Folder of the namespace; mode 0700. */
  readonly root: string;
  /** The instance's random token, mode 0600; made by whoever comes first. */
  readonly token: string;
  /** `lock.db`: the head that holds it owns the namespace (K5). */
  readonly lock: string;
  /** The pid of the lock's holder, as text; for messages only. */
  readonly lockOwner: string;
  /** Why the last head did not start, one line; no file when it did. For messages only. */
  readonly refusal: string;
  /** The state database. */
  readonly state: string;
  /** Folder of the Unix sockets; mode 0700. */
  readonly sockets: string;
  /** The head's socket. */
  readonly headSocket: string;
  /** Folder of all log and output files: `logs/serve/`. */
  readonly logs: string;
}

/**
 * The places of the instance `namespace` below `home`.
 * @param temporary the system's temporary directory; only for sockets that would not fit elsewhere (R2)
 */
export function instancePaths(home: string, namespace: string, temporary: string = tmpdir()): InstancePaths {
  const root = join(home, namespace);
  const sockets = socketFolder(root, temporary);
  return {
    root,
    token: join(root, "token"),
    lock: join(root, "lock.db"),
    lockOwner: join(root, "head.pid"),
    refusal: join(root, "head.refused"),
    state: join(root, "state.db"),
    sockets,
    headSocket: socketPath(sockets, "head"),
    logs: join(root, "logs", "serve"),
  };
}

/** Path of the socket of one process; `id` has at most 12 characters. */
export function socketPath(sockets: string, id: string): string {
  return join(sockets, id);
}

function socketFolder(root: string, temporary: string): string {
  const own = join(root, "run");
  if (fits(own)) return own;
  // Loaded here and not above: it takes 5 ms, and the CLI starts the head before anything else.
  const { createHash } = process.getBuiltinModule("node:crypto");
  const name = `manta-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`;
  // macOS gives each user a long temporary directory; `/tmp` is short everywhere.
  return fits(join(temporary, name)) ? join(temporary, name) : join("/tmp", name);
}

function fits(folder: string): boolean {
  return Buffer.byteLength(folder) + 1 + MAX_SOCKET_NAME_BYTES <= MAX_SOCKET_PATH_BYTES;
}
