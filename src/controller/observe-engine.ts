// Turns the engine's events into what the controller knows. It decides nothing and orders nothing.
import type { Logger } from "../core/logger.ts";
import type { EngineEvent } from "../engine/engine.ts";
import type { ProxyObserver } from "./observe-proxies.ts";
import type { ReplicaObserver } from "./observe-replicas.ts";
import type { ControllerState } from "./state.ts";

export interface EngineObserverParts {
  readonly state: ControllerState;
  readonly replicaObserver: ReplicaObserver;
  readonly proxyObserver: ProxyObserver;
  readonly logger: Logger;
}

export class EngineObserver {
  readonly #parts: EngineObserverParts;

  constructor(parts: EngineObserverParts) {
    this.#parts = parts;
  }

  /** One event. Events of processes that nobody knows are dropped. */
  onEvent(event: EngineEvent): void {
    const { state, replicaObserver, proxyObserver } = this.#parts;
    if (event.type === "engine") {
      state.engineUp = event.state === "up";
      this.#parts.logger.warn(`engine.${event.state}`, { reason: event.detail });
      return;
    }
    if (event.type === "node") {
      this.#onNode(event);
      return;
    }
    const replica = state.replicas.get(event.id);
    const proxy = state.proxies.get(event.id);
    const record = replica ?? proxy;
    if (record === undefined) return;
    switch (event.type) {
      case "pending":
        if (replica !== undefined) replica.pending = { cause: event.cause, detail: event.detail };
        return;
      case "started":
        record.pid = event.pid;
        record.node = event.node;
        if (replica === undefined) return;
        replica.pending = null;
        replica.gpuIds = event.gpuIds;
        return;
      case "suspect":
        record.stuck = event.detail;
        return;
      case "exited":
        if (replica !== undefined) replicaObserver.onExited(replica, event);
        if (proxy !== undefined) proxyObserver.onExited(proxy, event.detail);
    }
  }

  /** Nodes themselves are asked of the engine at each tick; only which of them are being emptied is kept. */
  #onNode({ change, node }: Extract<EngineEvent, { type: "node" }>): void {
    const { drainingNodes } = this.#parts.state;
    if (change === "draining") drainingNodes.add(node.id);
    else drainingNodes.delete(node.id);
    this.#parts.logger.info(`node.${change}`, { node: node.id });
  }
}
