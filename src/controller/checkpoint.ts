// Keeps what must survive the head in the store: the accepted applications, the processes that live, and what decisions
// remember of deployments. Nothing else reads or writes these documents.
//   R1  All changed documents go out in one transaction; an unchanged one is not written.
//   R2  A document that cannot be understood refuses the start and is never overwritten (K4's beginning).
//   R3  Values are encoded by the codec of the wire, so that what a deploy may hold is what a checkpoint may hold.
import type { Capacity } from "../autoscaling/capacity.ts";
import { lasting } from "../autoscaling/scale-memory.ts";
import { ServeError } from "../core/errors.ts";
import type { StateStore } from "../engine/state-store.ts";
import type { Address } from "../model/address.ts";
import { isServing, isStopping } from "../model/lifecycle.ts";
import type { ApplicationTarget } from "../model/target-state.ts";
import { freshHealth } from "./decide/health.ts";
import { decodeValue, encodeToBytes, plainHooks, plainRevivers } from "../protocol/values.ts";
import type {
  AcceptedConfig,
  AcceptedOrder,
  ControllerState,
  DeploymentState,
  ProxyRecord,
  ReplicaRecord,
} from "./state.ts";

/** Grows when a document's shape changes in a way that an earlier version cannot read. */
const SCHEMA = 2;
const APPLICATION_PREFIX = "application/";
const DEPLOYMENTS_KEY = "deployments";
const PROCESSES_KEY = "processes";
const CONFIG_KEY = "config";
const ORDERS_KEY = "orders";

/** How long a replica or proxy of the last checkpoint may take to dial in. Chosen: far above a busy loop's pause. */
const RECOVER_MS = 10_000;

/** What a head that starts does not know of a replica; the replica, the engine or time will say. */
const UNKNOWN = {
  linkLostAtMs: null,
  stuck: null,
  silent: null,
  stopSinceMs: null,
  health: freshHealth(0, 0),
  pending: null,
} as const satisfies Partial<ReplicaRecord>;

type Kept = Pick<
  ControllerState,
  "applications" | "deployments" | "config" | "capacity" | "replicas" | "proxies" | "endpoint" | "standing" | "orders"
>;

interface KeptReplica extends Omit<ReplicaRecord, "phase" | keyof typeof UNKNOWN> {
  readonly address: Address | null;
  readonly readySinceMs: number;
  /** It was on its way out, with or without grace. The order may not have gone out, so it is given again. */
  readonly stopping: "drain" | "kill" | null;
}

interface Processes {
  readonly replicas: readonly KeptReplica[];
  readonly proxies: readonly Pick<ProxyRecord, "id" | "startMs" | "pid" | "node">[];
  readonly endpoint: ControllerState["endpoint"];
  readonly standing: ControllerState["standing"];
}

type Deployments = Readonly<Record<string, Pick<DeploymentState, "status" | "starts" | "failure" | "scale">>>;

interface KeptConfig {
  readonly config: AcceptedConfig | null;
  readonly capacity: Capacity;
}

export class Checkpoint {
  readonly #store: StateStore;
  /** Documents of what is changed in place, as they were written. */
  readonly #written = new Map<string, Uint8Array>();
  // What follows are values, which are replaced and never changed: the same object is the same document.
  readonly #applications = new Map<string, ApplicationTarget>();
  #config: KeptConfig | undefined;
  #orders: ControllerState["orders"] | undefined;

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** Writes what changed since the last time (R1). @throws {ServeError} ENGINE when the store refuses */
  save(kept: Kept): void {
    const { config, capacity, orders } = kept;
    const changes = new Map<string, Uint8Array | null>();
    for (const [name, target] of kept.applications) {
      if (this.#applications.get(name) !== target) changes.set(APPLICATION_PREFIX + name, encode(target));
    }
    for (const name of this.#applications.keys()) {
      if (!kept.applications.has(name)) changes.set(APPLICATION_PREFIX + name, null);
    }
    const isSameConfig = this.#config?.config === config && this.#config.capacity === capacity;
    if (!isSameConfig) changes.set(CONFIG_KEY, encode({ config, capacity } satisfies KeptConfig));
    if (this.#orders !== orders) changes.set(ORDERS_KEY, encode(orders));
    const changing = new Map([
      [DEPLOYMENTS_KEY, encode(deploymentsOf(kept))],
      [PROCESSES_KEY, encode(processesOf(kept))],
    ]);
    for (const [key, bytes] of changing) if (!sameBytes(bytes, this.#written.get(key))) changes.set(key, bytes);
    if (changes.size === 0) return;
    this.#store.write(changes);
    for (const [key, bytes] of changing) this.#written.set(key, bytes);
    this.#config = { config, capacity };
    this.#orders = orders;
    this.#applications.clear();
    for (const [name, target] of kept.applications) this.#applications.set(name, target);
  }

  /**
   * Fills an empty state with what the last head left; what was not on its way out is `recovering` from now on.
   * @throws {ServeError} ENGINE naming the damaged document (R2)
   */
  load(state: ControllerState, nowMs: number): void {
    const names = this.#store.keys(APPLICATION_PREFIX);
    const applications = names.map((key) => this.#read(key) as ApplicationTarget);
    state.applications = new Map(applications.map((target) => [target.name, target]));
    for (const target of applications) this.#applications.set(target.name, target);
    const deployments = (this.#readChanging(DEPLOYMENTS_KEY) ?? {}) as Deployments;
    state.deployments = new Map(
      Object.entries(deployments).map(([key, value]): [string, DeploymentState] => [key, { ...value, dead: [] }]),
    );
    this.#config = this.#read(CONFIG_KEY) as KeptConfig | undefined;
    if (this.#config !== undefined) ({ config: state.config, capacity: state.capacity } = this.#config);
    this.#orders = (this.#read(ORDERS_KEY) ?? []) as readonly AcceptedOrder[];
    state.orders = this.#orders;
    const processes = this.#readChanging(PROCESSES_KEY) as Processes | undefined;
    if (processes === undefined) return;
    const untilMs = nowMs + RECOVER_MS;
    for (const kept of processes.replicas) state.replicas.add(recoverReplica(kept, nowMs));
    for (const kept of processes.proxies) {
      const phase = { kind: "recovering", untilMs } as const;
      state.proxies.set(kept.id, { ...kept, phase, linkLostAtMs: null, stuck: null, silent: null, stopSinceMs: null });
    }
    state.endpoint = processes.endpoint;
    state.standing = processes.standing;
  }

  /** A document of what is changed in place. */
  #readChanging(key: string): unknown {
    const bytes = this.#store.read(key);
    if (bytes === undefined) return undefined;
    const value = this.#decode(key, bytes);
    this.#written.set(key, bytes);
    return value;
  }

  #read(key: string): unknown {
    const bytes = this.#store.read(key);
    return bytes === undefined ? undefined : this.#decode(key, bytes);
  }

  #decode(key: string, bytes: Uint8Array): unknown {
    const decoded = decodeValue(bytes, 0, bytes.length, plainRevivers);
    if (!decoded.ok) throw damaged(this.#store.place, key, decoded.reason);
    if (decoded.end !== bytes.length)
      throw damaged(this.#store.place, key, `${bytes.length - decoded.end} bytes too many`);
    const document = decoded.value;
    if (typeof document !== "object" || document === null || !("schema" in document) || !("value" in document)) {
      throw damaged(this.#store.place, key, "it is no checkpoint");
    }
    if (document.schema !== SCHEMA) {
      throw damaged(this.#store.place, key, `its schema is ${String(document.schema)}, this version reads ${SCHEMA}`);
    }
    return document.value;
  }
}

function encode(value: unknown): Uint8Array {
  return encodeToBytes({ schema: SCHEMA, value }, plainHooks, "checkpoint");
}

function deploymentsOf(kept: Kept): Deployments {
  return Object.fromEntries(
    [...kept.deployments].map(([key, { status, starts, failure, scale }]) => [
      key,
      { status, starts, failure, scale: lasting(scale) },
    ]),
  );
}

function processesOf(kept: Kept): Processes {
  return {
    replicas: [...kept.replicas.values()].map(keepReplica),
    proxies: [...kept.proxies.values()].map(({ id, startMs, pid, node }) => ({ id, startMs, pid, node })),
    endpoint: kept.endpoint,
    standing: kept.standing,
  };
}

function keepReplica(record: ReplicaRecord): KeptReplica {
  const { phase, linkLostAtMs: _link, stuck: _stuck, silent: _silent, stopSinceMs: _stop, ...rest } = record;
  const { health: _health, pending: _pending, ...kept } = rest;
  if (isServing(phase) || phase.kind === "recovering") {
    return { ...kept, address: phase.address, readySinceMs: phase.readySinceMs, stopping: null };
  }
  const gently = phase.kind === "leaving" || phase.kind === "draining";
  const stopping = gently ? "drain" : isStopping(phase) ? "kill" : null;
  return { ...kept, address: null, readySinceMs: 0, stopping };
}

function recoverReplica({ address, readySinceMs, stopping, ...kept }: KeptReplica, nowMs: number): ReplicaRecord {
  if (stopping === "drain") return { ...kept, ...UNKNOWN, phase: { kind: "leaving", untilMs: nowMs } };
  if (stopping === "kill") return { ...kept, ...UNKNOWN, phase: { kind: "failed", error: "its end was under way" } };
  const untilMs = nowMs + RECOVER_MS;
  return { ...kept, ...UNKNOWN, phase: { kind: "recovering", address, readySinceMs, untilMs } };
}

function damaged(place: string, key: string, why: string): ServeError {
  const cure = `it is left as it is: use the version of Manta that wrote it, or move ${place}* to another folder to start empty`;
  const message = `state store ${place}: the checkpoint document "${key}" cannot be read: ${why}; ${cure}`;
  return new ServeError("ENGINE", message, { path: place, key }, { retryable: false });
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}
