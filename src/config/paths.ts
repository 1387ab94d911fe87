// Where an instance keeps its things: one folder per namespace below `MANTA_HOME` (api.md section 4). Every program
// derives the same paths from home and namespace. Computes names only; whoever owns a thing makes it.
//   R1  A Unix socket's path must fit `sun_path` (103 bytes on macOS, 107 on Linux): where the namespace's folder is too
//       long, sockets stand in a short folder below the system's temporary directory.
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServeError } from "../core/errors.ts";

/** Paths of one instance, all absolute. */
export interface InstancePaths {
  /** Folder of the namespace; mode 0700. */
  readonly dir: string;
  /** Folder of the Unix sockets; mode 0700. */
  readonly socketsDir: string;
  /** Where the head accepts control links. */
  readonly headSocket: string;
  /** The state store. */
  readonly store: string;
  /** Locked by the head while it lives. */
  readonly lock: string;
  /** The pid of the lock's holder, as text. */
  readonly lockOwner: string;
  /** The secret between programs; mode 0600. */
  readonly token: string;
  /** Log files and output of all programs: `logs/serve`. */
  readonly logsDir: string;
}

/** Longest name of a socket: ids of 8 characters, with room. */
const MAX_NAME = 12;

/** Longest path of a socket, bytes: below the limits of both systems (R1). */
const MAX_SOCKET_PATH = 100;

/**
 * The paths of `namespace` below `home` (absolute).
 * @param temporary default: the system's temporary directory
 */
export function instancePaths(home: string, namespace: string, temporary: string = tmpdir()): InstancePaths {
  const dir = join(home, namespace);
  const socketsDir = chooseSocketsDir(dir, temporary);
  return {
    dir,
    socketsDir,
    headSocket: join(socketsDir, "head"),
    store: join(dir, "state.db"),
    lock: join(dir, "lock.db"),
    lockOwner: join(dir, "head.pid"),
    token: join(dir, "token"),
    logsDir: join(dir, "logs", "serve"),
  };
}

/**
 * Path of the socket of the process `id`.
 * @throws {ServeError} ENGINE when the id is longer than a socket's name may be (12 characters)
 */
export function socketPath(paths: Pick<InstancePaths, "socketsDir">, id: string): string {
  if (id.length <= MAX_NAME) return join(paths.socketsDir, id);
  throw new ServeError("ENGINE", `socket name ${id}: ${id.length} characters, expected at most ${MAX_NAME}`);
}

function chooseSocketsDir(dir: string, temporary: string): string {
  const own = join(dir, "run");
  if (Buffer.byteLength(own) + 1 + MAX_NAME <= MAX_SOCKET_PATH) return own;
  const name = `manta-${createHash("sha256").update(dir).digest("hex").slice(0, 12)}`;
  const short = join(temporary, name);
  // macOS gives each user a long temporary directory; `/tmp` is short everywhere.
  return Buffer.byteLength(short) + 1 + MAX_NAME <= MAX_SOCKET_PATH ? short : join("/tmp", name);
}
