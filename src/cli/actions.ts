// What the commands of `manta` are called with: the flags of each, as commander hands them over, unchecked.
import type { FlagValues } from "./flags.ts";

/** Flags that say in which surroundings an application runs; for an import path only. */
export interface SurroundingsFlags extends FlagValues {
  readonly workingDir?: string;
  readonly runtimeEnv?: string;
  readonly runtimeEnvJson?: string;
}

/** Flags of `manta run`. */
export interface RunFlags extends SurroundingsFlags {
  readonly appDir?: string;
  readonly reload?: true;
  readonly allowUnknownKeys?: true;
  /** False: `--no-wait`. */
  readonly wait: boolean;
}

/** Flags of `manta deploy`. */
export interface DeployFlags extends SurroundingsFlags {
  readonly address?: string;
  readonly allowUnknownKeys?: true;
  /** False: `--no-wait`. */
  readonly wait: boolean;
}

/** Flags of `manta status`. */
export interface StatusFlags extends FlagValues {
  readonly address?: string;
  readonly watch?: true;
}

/** Flags of commands that may go through the REST API. */
export interface AddressFlags extends FlagValues {
  readonly address?: string;
}

/** Flags of `manta why`. */
export interface WhyFlags extends FlagValues {
  readonly lines: string;
}

/** Flags of `manta logs`. */
export interface LogsFlags extends FlagValues {
  readonly lines: string;
  readonly follow?: true;
}

/** Flags of `manta build`. */
export interface BuildFlags {
  readonly appDir: string;
  readonly outputPath?: string;
}

/** Flags of `manta bench`. */
export interface BenchFlags extends FlagValues {
  readonly connections: string;
  readonly duration: string;
  readonly method?: string;
  readonly header: readonly string[];
  readonly body?: string;
}

/** What each command does; the exit code. */
export interface Actions {
  run(target: string | undefined, args: readonly string[], flags: RunFlags): Promise<number>;
  start(flags: FlagValues): Promise<number>;
  deploy(target: string, args: readonly string[], flags: DeployFlags): Promise<number>;
  status(flags: StatusFlags): Promise<number>;
  config(flags: AddressFlags): Promise<number>;
  build(importPaths: readonly string[], flags: BuildFlags): Promise<number>;
  delete(name: string, flags: FlagValues): Promise<number>;
  shutdown(flags: AddressFlags): Promise<number>;
  logs(word: string | undefined, flags: LogsFlags): Promise<number>;
  bench(target: string | undefined, flags: BenchFlags): Promise<number>;
  why(word: string | undefined, flags: WhyFlags): Promise<number>;
}
