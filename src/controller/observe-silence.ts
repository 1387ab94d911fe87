// Keeps what is known of processes that are not heard over their open link, replicas and proxies alike (H2).
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Engine } from "../engine/engine.ts";
import type { ProcessId } from "../model/ids.ts";
import { afterSilentLook, silenceText } from "./decide/health.ts";
import type { ControllerState } from "./state.ts";

export class SilenceObserver {
  readonly #state: ControllerState;
  readonly #engine: Engine;
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(state: ControllerState, engine: Engine, logger: Logger, clock: Clock) {
    this.#state = state;
    this.#engine = engine;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** A look found it silent for so long, or heard of it again (null). */
  onLook(id: ProcessId, silentMs: number | null): void {
    const record = this.#state.replicas.get(id) ?? this.#state.proxies.get(id);
    if (record === undefined) return;
    const nowMs = this.#clock.now();
    const before = record.silent;
    record.silent =
      silentMs === null ? null : afterSilentLook(before, nowMs - silentMs, this.#engine.cpuTimeMs(id), nowMs);
    if ((before === null) === (record.silent === null)) return;
    const { silent } = record;
    if (silent === null) this.#logger.info("process.heard_again", { process: id });
    else this.#logger.warn("process.silent", { process: id, reason: silenceText(silent, nowMs) });
  }
}
