// Who has which of this node's resources. Pure bookkeeping: it starts nothing.
//   R1  gpus and custom resources are always counted; cpus and memory only where the instance says how many cpus it has.
//   R2  A whole gpu belongs to one process; fractions share one, and never lie on two.
//   R3  Amounts are compared with `PRECISION`, as sums of fractions need it.
import type { Resources } from "../../engine/engine.ts";

/** Finest amount that is told apart (Ray's resource precision): four decimals. */
const PRECISION = 0.0001;

export interface NodeResources {
  readonly total: Resources;
  /** Names of the gpus, as `CUDA_VISIBLE_DEVICES` has them. */
  readonly gpuIds: readonly string[];
  /** False: cpus and memory are advisory (R1). */
  readonly countsCpus: boolean;
}

/** Why a process cannot start: never here, or not now. */
export interface Lack {
  readonly cause: "infeasible" | "busy";
  readonly detail: string;
}

interface Claim {
  readonly resources: Resources;
  readonly gpuIds: readonly string[];
}

export class ResourceLedger {
  readonly #node: NodeResources;
  readonly #claims = new Map<string, Claim>();

  constructor(node: NodeResources) {
    this.#node = node;
  }

  /** What stands against a start now; undefined: nothing. */
  lack(needed: Resources): Lack | undefined {
    const { total } = this.#node;
    for (const [name, amount] of this.#counted(needed)) {
      const has = amountOf(total, name);
      if (amount > has + PRECISION) {
        return { cause: "infeasible", detail: `needs ${amount} ${name}, this node has ${has}` };
      }
    }
    for (const [name, amount] of this.#counted(needed)) {
      const has = amountOf(total, name);
      const used = [...this.#claims.values()].reduce((sum, { resources }) => sum + amountOf(resources, name), 0);
      const hasRoom = amount <= has - used + PRECISION && (name !== "gpus" || this.#gpusFor(amount) !== undefined);
      if (!hasRoom) return { cause: "busy", detail: `needs ${amount} ${name}, ${rounded(has - used)} of ${has} free` };
    }
    return undefined;
  }

  /** Gives a process what it needs; ask `lack` first. @returns its gpus */
  claim(id: string, resources: Resources): readonly string[] {
    const gpuIds = this.#gpusFor(resources.gpus) ?? [];
    this.#claims.set(id, { resources, gpuIds });
    return gpuIds;
  }

  /** A process that runs already has what an earlier head gave it. */
  adopt(id: string, resources: Resources, gpuIds: readonly string[]): void {
    this.#claims.set(id, { resources, gpuIds });
  }

  /** @returns whether it had anything */
  release(id: string): boolean {
    return this.#claims.delete(id);
  }

  /** Counted amounts that a process asks for, by name. */
  #counted(needed: Resources): [string, number][] {
    const advisory: [string, number][] = [
      ["cpus", needed.cpus],
      ["bytes of memory", needed.memoryBytes],
    ];
    const always: [string, number][] = [["gpus", needed.gpus], ...Object.entries(needed.custom)];
    return [...(this.#node.countsCpus ? advisory : []), ...always].filter(([, amount]) => amount > 0); // R1
  }

  /** R2: whole gpus that nobody has, or the fullest shared one with room; undefined: there are none. */
  #gpusFor(amount: number): readonly string[] | undefined {
    if (amount <= 0) return [];
    const used = new Map(this.#node.gpuIds.map((id) => [id, 0]));
    for (const { resources, gpuIds } of this.#claims.values()) {
      for (const id of gpuIds) used.set(id, (used.get(id) ?? 0) + resources.gpus / gpuIds.length);
    }
    if (amount >= 1) {
      const free = [...used].filter(([, share]) => share < PRECISION).map(([id]) => id);
      return free.length >= amount ? free.slice(0, Math.ceil(amount)) : undefined;
    }
    const [shared] = [...used].filter(([, share]) => share + amount <= 1 + PRECISION).sort((a, b) => b[1] - a[1]);
    return shared === undefined ? undefined : [shared[0]];
  }
}

function amountOf(resources: Resources, name: string): number {
  if (name === "cpus" || name === "gpus") return resources[name];
  return name === "bytes of memory" ? resources.memoryBytes : (resources.custom[name] ?? 0);
}

function rounded(amount: number): number {
  return Math.max(0, Number(amount.toFixed(4)));
}
