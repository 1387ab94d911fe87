// The replicas that the controller knows: by id, and by deployment, because each tick asks for those of every deployment.
import type { ReplicaId } from "../model/ids.ts";

/** What a replica is found by. It never changes. */
interface Indexed {
  readonly id: ReplicaId;
  readonly application: string;
  readonly deployment: string;
}

export class ReplicaTable<R extends Indexed> {
  readonly #byId = new Map<ReplicaId, R>();
  /** By application, then by deployment; without empty groups. */
  readonly #groups = new Map<string, Map<string, Map<ReplicaId, R>>>();

  get size(): number {
    return this.#byId.size;
  }

  get(id: ReplicaId): R | undefined {
    return this.#byId.get(id);
  }

  /** All of them, the oldest entry first. */
  values(): IterableIterator<R> {
    return this.#byId.values();
  }

  add(replica: R): void {
    const { id, application, deployment } = replica;
    this.#byId.set(id, replica);
    const groups = this.#groups.get(application) ?? new Map<string, Map<ReplicaId, R>>();
    const group = groups.get(deployment) ?? new Map<ReplicaId, R>();
    this.#groups.set(application, groups.set(deployment, group.set(id, replica)));
  }

  delete(id: ReplicaId): void {
    const replica = this.#byId.get(id);
    if (replica === undefined) return;
    const { application, deployment } = replica;
    const groups = this.#groups.get(application);
    const group = groups?.get(deployment);
    this.#byId.delete(id);
    group?.delete(id);
    if (group?.size === 0) groups?.delete(deployment);
    if (groups?.size === 0) this.#groups.delete(application);
  }

  /** Those of a deployment, the oldest entry first. */
  of(application: string, deployment: string): R[] {
    return [...(this.#groups.get(application)?.get(deployment)?.values() ?? [])];
  }

  /** Those of an application by deployment. */
  byDeployment(application: string): Map<string, R[]> {
    const groups = this.#groups.get(application) ?? new Map<string, Map<ReplicaId, R>>();
    return new Map([...groups].map(([deployment, group]) => [deployment, [...group.values()]]));
  }
}
