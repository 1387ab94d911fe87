// Something that `manta run` runs: an import path (find-runnable.ts) or a config file (runnable-config.ts).
import type { InstanceOptions } from "../config/options.generated.ts";
import type { FirstBuild } from "../serve/instance.ts";
import type { HeadClient } from "./head-client.ts";

/** Something that can be deployed, and again when it was edited. */
export interface Runnable {
  /** What it says of an instance that is started for it. */
  readonly instance: InstanceOptions;
  /** What a head that is started for it should begin with. */
  readonly first: FirstBuild | undefined;
  /** Names of its applications, as far as they are known by now. */
  readonly names: readonly string[];
  /** Resolves with the names when it was accepted; with `wait` when it runs. */
  deploy(head: HeadClient, wait: boolean): Promise<readonly string[]>;
  /** What it is made of, absolute paths: modules (with all they import), and other files. */
  madeOf(): { readonly modules: readonly string[]; readonly files: readonly string[] };
}
