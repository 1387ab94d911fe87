// Turns what engine and proxies say into what the controller knows of proxies. It decides nothing and orders nothing.
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { ProcessId } from "../model/ids.ts";
import type { ProxyReport } from "../protocol/control.ts";
import { describeFailure } from "./describe-failure.ts";
import { afterProxyDeath } from "./decide/proxies.ts";
import type { ControllerMeter } from "./meter.ts";
import { type ControllerState, type ProxyRecord, moveProxy } from "./state.ts";

/** Longest wait for open requests when a proxy stops, milliseconds. The default grace of a replica, whose requests they are. */
export const PROXY_DRAIN_MS = 20_000;

export class ProxyObserver {
  readonly #state: ControllerState;
  readonly #meter: ControllerMeter;
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(state: ControllerState, meter: ControllerMeter, logger: Logger, clock: Clock) {
    this.#state = state;
    this.#meter = meter;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** The process has ended. */
  onExited(record: ProxyRecord, detail: string): void {
    this.onDied(record, detail);
    if (record.stopSinceMs !== null) this.#meter.proxyStopped(record.node, this.#clock.now() - record.stopSinceMs);
    this.#state.proxies.delete(record.id);
  }

  /** A proxy is lost; one that was on its way out has just arrived. */
  onDied(record: ProxyRecord, detail: string): void {
    const { phase } = record;
    const nowMs = this.#clock.now();
    const wished = phase.kind === "draining" || phase.kind === "ending" || phase.kind === "failed";
    if (!wished) {
      const memory = this.#state.proxyMemory.get(record.node);
      this.#state.proxyMemory.set(record.node, afterProxyDeath(memory, phase.kind === "listening", nowMs));
    }
    const { id: proxy, node } = record;
    this.#logger[wished ? "info" : "warn"](wished ? "proxy.stopped" : "proxy.died", { proxy, node, reason: detail });
  }

  /** What a proxy says of itself. */
  onReport(id: ProcessId, report: ProxyReport): void {
    const record = this.#state.proxies.get(id);
    if (record === undefined) {
      this.#state.strangers.set(id, "proxy");
      return;
    }
    record.linkLostAtMs = null;
    record.silent = null;
    record.pid = report.pid;
    const nowMs = this.#clock.now();
    switch (report.phase) {
      case "starting":
        moveProxy(record, { kind: "idle" });
        return;
      case "listening": {
        const { host, port } = report;
        if (!moveProxy(record, { kind: "listening", host, port, sinceMs: nowMs })) return;
        this.#state.endpoint = { host, port };
        this.#state.proxyError = "";
        this.#logger.info("proxy.listening", { proxy: id, node: record.node, host, port });
        return;
      }
      case "draining":
        moveProxy(record, { kind: "draining", untilMs: nowMs + PROXY_DRAIN_MS });
    }
  }

  onLinkClosed(id: ProcessId): void {
    const record = this.#state.proxies.get(id);
    if (record !== undefined) record.linkLostAtMs ??= this.#clock.now();
  }

  /** The port could not be bound. */
  onListenFailed(id: ProcessId, reason: unknown): void {
    const record = this.#state.proxies.get(id);
    if (record?.phase.kind !== "starting") return;
    const error = describeFailure(reason);
    this.#state.proxyError = error;
    this.onDied(record, error);
    moveProxy(record, { kind: "failed", error });
  }
}
