// The controller's own figures in the answer (reference 1.4: controller_health_metrics). Pure. What is not measured is
// left out: every field has a default there.
import type { ControllerHealth, LoopTurn } from "../loop-monitor.ts";

/** The head as it is when somebody asks. */
export interface HeadHealth extends ControllerHealth {
  /** What its event loop waits for: sockets, timers, pending operations. */
  readonly pending: number;
  /** Memory of its process. */
  readonly rssBytes: number;
}

/** Longest pause between two turns while the loop keeps up: its repairing tick (architecture 1). */
const EXPECTED_SLEEP_S = 1;

export function formatControllerHealth(health: HeadHealth): object {
  const { nowMs, startMs, loops, lastLoopMs, turns } = health;
  const uptimeS = (nowMs - startMs) / 1000;
  const sleptS = (turns.at(-1)?.sleptMs ?? 0) / 1000;
  return {
    timestamp: nowMs / 1000,
    controller_start_time: startMs / 1000,
    uptime_s: uptimeS,
    last_control_loop_time: lastLoopMs / 1000,
    num_control_loops: loops,
    loop_duration_s: statisticsOf(turns, "totalMs"),
    loops_per_second: uptimeS > 0 ? loops / uptimeS : 0,
    last_sleep_duration_s: sleptS,
    expected_sleep_duration_s: EXPECTED_SLEEP_S,
    event_loop_delay_s: Math.max(0, sleptS - EXPECTED_SLEEP_S),
    num_asyncio_tasks: health.pending,
    deployment_state_update_duration_s: statisticsOf(turns, "deploymentsMs"),
    application_state_update_duration_s: statisticsOf(turns, "statusesMs"),
    proxy_state_update_duration_s: statisticsOf(turns, "proxiesMs"),
    process_memory_mb: health.rssBytes / 2 ** 20,
  };
}

/** In seconds; null before the first turn. */
function statisticsOf(turns: readonly LoopTurn[], part: keyof LoopTurn): object | null {
  if (turns.length === 0) return null;
  const seconds = turns.map((turn) => turn[part] / 1000);
  const mean = seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
  const variance = seconds.reduce((sum, value) => sum + (value - mean) ** 2, 0) / seconds.length;
  return { mean, std: Math.sqrt(variance), min: Math.min(...seconds), max: Math.max(...seconds) };
}
