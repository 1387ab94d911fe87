// Applications of the fault suite, written to files: a front that asks an inner deployment and answers with its version,
// and the ways in which such a deploy can be broken. Each version has a file of its own, as each release has a folder.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** What a version does when it starts. */
export const CONDITIONS = ["good", "throws", "hangs", "exits", "unhealthy"] as const;
export type Condition = (typeof CONDITIONS)[number];

/** What the front answers. */
export interface Answer {
  /** The number that was asked with. */
  readonly n: number;
  readonly version: number;
}

const BODIES: Readonly<Record<Condition, string>> = {
  good: "",
  throws: `constructor(inner) { this.inner = inner; throw new Error("no weights"); }`,
  hangs: `setup() { return new Promise((resolve) => setTimeout(resolve, 600_000)); }`,
  exits: `setup() { process.exit(3); }`,
  unhealthy: `checkHealth() { throw new Error("the model does not answer"); }`,
};

/** A folder of versions that can be deployed by import path. */
export class Versions {
  readonly folder: string;

  constructor(home: string) {
    this.folder = join(home, "apps");
    mkdirSync(join(this.folder, "node_modules"), { recursive: true });
    symlinkSync(ROOT, join(this.folder, "node_modules", "manta-serve"));
  }

  /** Writes a version. @returns its import path, relative to the folder */
  write(version: number, condition: Condition = "good", replicas = 2): string {
    const constructor = condition === "throws" ? "" : "constructor(inner) { this.inner = inner; }";
    const source = `
import { deployment } from "manta-serve";

class Inner {
  async double(n) {
    await new Promise((resolve) => setTimeout(resolve, 3 + (n % 10)));
    return n;
  }
}

class Front {
  ${constructor}
  ${BODIES[condition]}
  async ask(n) {
    return { n: await this.inner.double(n), version: ${version} };
  }
  fetch(request) {
    return this.ask(Number(new URL(request.url).searchParams.get("n")));
  }
}

const options = { maxOngoingRequests: 100, gracefulShutdownTimeoutS: 5 };
const inner = deployment(Inner, { numReplicas: 2, ...options }).bind();
export const app = deployment(Front, { numReplicas: ${replicas}, ...options }).bind(inner);
`;
    const name = `v${version}.mjs`;
    writeFileSync(join(this.folder, name), source);
    return `./${name}:app`;
  }
}
