// What a head is started with, by a driver or by a supervisor: plain data on its command line. No secret is in it, for
// command lines are public on a machine: the admin token travels as `MANTA_ADMIN_TOKEN`, the password of the
// certificate's key as `MANTA_SSL_KEYFILE_PASSWORD`.
import type { ResolvedHttpOptions, ResolvedInstanceOptions, ResolvedLoggingOptions } from "./options.generated.ts";

/** The options of one instance, complete. */
export interface HeadOptions {
  /** True: the head belongs to the process at the other end of its standard input, and drains and ends with it. */
  readonly attached: boolean;
  /**
   * True for the first head of an instance: what an attached instance left behind, whose driver is gone, is ended and
   * forgotten. What a detached one left is taken over, and so is everything at a restart after a crash.
   */
  readonly fresh: boolean;
  /**
   * The supervisor that starts it; absent where there is none. A head that looked for its parent itself could be late: it
   * needs longer to start than a supervisor to die.
   */
  readonly supervisorPid?: number;
  readonly http: ResolvedHttpOptions;
  /** `Disabled`: no proxies. */
  readonly proxyLocation: ResolvedInstanceOptions["proxyLocation"];
  /** CPUs that replicas may claim; null: claims of cpus and memory are not counted. */
  readonly numCpus: number | null;
  readonly admin: {
    readonly host: string;
    readonly port: number;
    /** False: the port is a default, and a free one takes its place when it is taken. */
    readonly portChosen: boolean;
  };
  readonly logging: ResolvedLoggingOptions;
}

/** What a head starts its proxies and replicas with: their third argument, after id and epoch, as JSON. */
export interface ProgramOptions {
  readonly logging: ResolvedLoggingOptions;
}

/** Exit codes of the head. Any other (Node's own 1 after an uncaught error too), and any signal, is a crash. */
export const HEAD_EXIT = {
  /** Everything is drained and ended as ordered. */
  done: 0,
  /** It could not start: a damaged store, a port that was chosen and is taken. One line on stderr says why. */
  failed: 78,
  /** Another head has the namespace (K5). One line on stderr says which. */
  locked: 73,
  /** A second SIGTERM ended everything at once: 128 + 15. */
  cut: 143,
} as const;

/** The command line form of `HeadOptions`. */
export function formatHeadOptions(options: HeadOptions): string {
  return JSON.stringify(options);
}

/** Reads what `formatHeadOptions` wrote; both ends are of one version. */
export function parseHeadOptions(text: string): HeadOptions {
  return JSON.parse(text) as HeadOptions;
}

/** The command line form of `ProgramOptions`. */
export function formatProgramOptions(options: ProgramOptions): string {
  return JSON.stringify(options);
}

/** Reads what `formatProgramOptions` wrote. */
export function parseProgramOptions(text: string): ProgramOptions {
  return JSON.parse(text) as ProgramOptions;
}
