// What failed starts and quick deaths mean for the next start. Pure: memory in, memory out, with timestamps.
//   R1  The numbers speak of one generation (version and config revision); another generation begins from nothing.
//   R2  While no replica of the generation was ever ready, retries are immediate, and `startThreshold` failures end it (D4).
//   R3  Afterwards each slot (rank) that fails waits 1, 2, 4 ... 64 s, and no number of failures is the end (D4).
//   R4  A slot whose replica served less than `QUICK_DEATH_MS` for the third time in a row waits likewise (K2).
//   R5  A start that the engine could not carry out is nobody's fault: it waits likewise and counts for nothing else.
//   R6  While the generation replaces a healthy one, R2 holds although some of its replicas run, and one that dies counts
//       as a failed start (reference 4.11): a version that does not hold is not rolled on.
import { backoffMs } from "../../core/backoff.ts";

/** A replica that served less long than this died quickly (K2). */
const QUICK_DEATH_MS = 30_000;
/** How many quick deaths in a row bring a slot to wait (K2). */
const QUICK_DEATHS = 3;
/** Failed starts that one replica of the target may have (D4, as Ray Serve). */
const TRIES_PER_REPLICA = 3;

/** What is remembered of one slot. */
export interface SlotMemory {
  /** Failed starts in a row. */
  readonly failures: number;
  readonly quickDeaths: number;
  /** No start before this time, Unix milliseconds. */
  readonly notBeforeMs: number;
}

/** What is remembered of the starts of one deployment. */
export interface StartMemory {
  readonly generation: string;
  /** Failed starts since the deploy, or since the deployment was last healthy. */
  readonly failedStarts: number;
  /** A replica of this generation was ready once. */
  readonly wasReady: boolean;
  /** The deployment was healthy with this generation once. */
  readonly wasHealthy: boolean;
  /** It replaces a generation that was healthy, and was not healthy itself yet (R6). */
  readonly rollout: boolean;
  /** Replicas of this generation that died after they had served, since the deployment was last healthy. */
  readonly deaths: number;
  /** First lines of the newest failure; empty when there was none. */
  readonly lastError: string;
  /** By rank. */
  readonly slots: Readonly<Record<string, SlotMemory>>;
}

/** Whether a slot may be started. */
export type StartGate =
  { readonly kind: "open" } | { readonly kind: "waits"; readonly untilMs: number } | { readonly kind: "gave up" };

const FRESH_SLOT: SlotMemory = { failures: 0, quickDeaths: 0, notBeforeMs: 0 };

/** Names what a replica runs: its code version and how often its options changed in place. */
export function generationOf(of: { readonly codeVersion: string; readonly configRevision: number }): string {
  return `${of.codeVersion}@${of.configRevision}`;
}

/** Nothing is known of `generation` yet (R1). @param rollout it replaces one that was healthy (R6) */
export function freshMemory(generation: string, rollout = false): StartMemory {
  return {
    generation,
    failedStarts: 0,
    wasReady: false,
    wasHealthy: false,
    rollout,
    deaths: 0,
    lastError: "",
    slots: {},
  };
}

/** Of a generation that was healthy before and holds again. */
export function healthyMemory(generation: string): StartMemory {
  return { ...freshMemory(generation), wasReady: true, wasHealthy: true };
}

/** How many failed starts end a deploy (D4). */
export function startThreshold(maxConstructorRetryCount: number, replicas: number): number {
  // Without replicas nothing starts; what failed before must not look like the end of all tries.
  return Math.min(maxConstructorRetryCount, TRIES_PER_REPLICA * Math.max(1, replicas));
}

/** True while a number of failures is the end of this generation (R2, R6). */
export function isOnTrial(memory: StartMemory): boolean {
  return memory.rollout || !memory.wasReady;
}

/** True while some slot's newest start has failed. */
export function isFailing({ slots }: StartMemory): boolean {
  return Object.values(slots).some(({ failures }) => failures > 0);
}

/** True when this generation is not tried again (R2, R6). */
export function gaveUp(memory: StartMemory, threshold: number): boolean {
  return isOnTrial(memory) && memory.failedStarts > 0 && memory.failedStarts >= threshold;
}

/** Whether a replica may be started, or told its new options, in the slot `rank`. */
export function startGate(memory: StartMemory, threshold: number, rank: number, nowMs: number): StartGate {
  if (gaveUp(memory, threshold)) return { kind: "gave up" };
  const untilMs = slotOf(memory, rank).notBeforeMs;
  return untilMs > nowMs ? { kind: "waits", untilMs } : { kind: "open" };
}

/** Constructor, `setup`, `reconfigure` or first health check failed, or the process ended before it was ready. */
export function afterFailedStart(memory: StartMemory, rank: number, error: string, nowMs: number): StartMemory {
  const slot = slotOf(memory, rank);
  const notBeforeMs = isOnTrial(memory) ? slot.notBeforeMs : nowMs + backoffMs(slot.failures); // R2, R3
  return {
    ...withSlot(memory, rank, { ...slot, failures: slot.failures + 1, notBeforeMs }),
    failedStarts: memory.failedStarts + 1,
    lastError: error,
  };
}

/** The engine could not start the process (R5). */
export function afterEngineFailure(memory: StartMemory, rank: number, error: string, nowMs: number): StartMemory {
  const slot = slotOf(memory, rank);
  const next = { ...slot, failures: slot.failures + 1, notBeforeMs: nowMs + backoffMs(slot.failures) };
  return { ...withSlot(memory, rank, next), lastError: error };
}

/** A replica serves. */
export function afterReady(memory: StartMemory, rank: number): StartMemory {
  return { ...withSlot(memory, rank, { ...slotOf(memory, rank), failures: 0 }), wasReady: true };
}

/** A replica that served `servedMs` died (R4). */
export function afterDeath(
  memory: StartMemory,
  rank: number,
  servedMs: number,
  error: string,
  nowMs: number,
): StartMemory {
  const slot = slotOf(memory, rank);
  const quickDeaths = servedMs < QUICK_DEATH_MS ? slot.quickDeaths + 1 : 0;
  const notBeforeMs = quickDeaths >= QUICK_DEATHS ? nowMs + backoffMs(quickDeaths - QUICK_DEATHS) : slot.notBeforeMs;
  return {
    ...withSlot(memory, rank, { ...slot, quickDeaths, notBeforeMs }),
    deaths: memory.deaths + 1,
    failedStarts: memory.failedStarts + Number(memory.rollout), // R6
    lastError: error,
  };
}

/**
 * The deployment is healthy: failed starts are forgotten, quick deaths are not. Its replicas may be older than the memory,
 * where a deploy went back to the version that still served: that one was ready, too.
 */
export function afterHealthy(memory: StartMemory): StartMemory {
  const isSame = memory.failedStarts === 0 && memory.deaths === 0 && memory.lastError === "" && memory.wasHealthy;
  if (isSame) return memory;
  return { ...memory, failedStarts: 0, deaths: 0, lastError: "", wasReady: true, wasHealthy: true, rollout: false };
}

function slotOf(memory: StartMemory, rank: number): SlotMemory {
  return memory.slots[rank] ?? FRESH_SLOT;
}

function withSlot(memory: StartMemory, rank: number, slot: SlotMemory): StartMemory {
  return { ...memory, slots: { ...memory.slots, [rank]: slot } };
}
