// What the autoscaler makes of a load: its true decisions (src/autoscaling) against a model of everything else. Requests
// arrive at random, wait for a slot, take a random time; a replica that is started serves some seconds later.
//   S1  The same seed gives the same numbers.
//   S2  The one caller samples and reports as src/router/scaling-sampler.ts does: the decision sees the load that late.
import { FULL_CAPACITY } from "../../src/autoscaling/capacity.ts";
import { decideScale } from "../../src/autoscaling/decide-scale.ts";
import type { ScaleMemory } from "../../src/autoscaling/scale-memory.ts";
import { rulesOf, type ScalingRules } from "../../src/autoscaling/scaling-rules.ts";
import { aggregate, type Sample } from "../../src/autoscaling/step-series.ts";
import type { ResolvedAutoscalingOptions } from "../../src/config/options.generated.ts";
import { type Random, seededRandom } from "../../src/core/random.ts";

export interface SimulationOptions {
  readonly autoscaling: ResolvedAutoscalingOptions;
  readonly maxOngoingRequests: number;
  /** Mean time that a request takes once it runs, seconds; exponentially distributed. */
  readonly serviceS: number;
  /** From the decision to the first request, seconds. */
  readonly startS: number;
  readonly durationS: number;
  readonly seed: number;
}

/** What was seen in one second. */
export interface Second {
  readonly second: number;
  /** Requests per second that arrived on average. */
  readonly load: number;
  readonly target: number;
  /** Replicas that serve. */
  readonly ready: number;
  readonly queued: number;
  /** Of the requests that found a slot in it, waiting included, seconds. */
  readonly latenciesS: readonly number[];
}

export interface SimulationResult {
  readonly seconds: readonly Second[];
  /** Second and reason of each change of the target. */
  readonly decisions: readonly {
    readonly second: number;
    readonly from: number;
    readonly to: number;
    readonly reason: string;
  }[];
}

const TICK_MS = 100;
const SECOND_MS = 1000;

/** @param loadAt requests per second at a second */
export function simulate(loadAt: (second: number) => number, options: SimulationOptions): SimulationResult {
  const fleet = new Fleet(options);
  const rules = rulesOf(options.autoscaling);
  const caller = new Caller(rules);
  const random = seededRandom(options.seed);
  const seconds: Second[] = [];
  const decisions: SimulationResult["decisions"][number][] = [];
  let memory: ScaleMemory = { target: options.autoscaling.initialReplicas ?? options.autoscaling.minReplicas };
  fleet.resize(memory.target, -options.startS * SECOND_MS);
  for (let nowMs = 0; nowMs < options.durationS * SECOND_MS; nowMs += TICK_MS) {
    const load = loadAt(nowMs / SECOND_MS);
    const arrivals = poisson((load * TICK_MS) / SECOND_MS, random);
    for (let i = 0; i < arrivals; i++) fleet.arrive(nowMs, exponentialMs(options.serviceS, random));
    fleet.run(nowMs);
    caller.look(fleet, nowMs);
    if (nowMs % SECOND_MS !== 0 && !caller.hasNews) continue;
    const inputs = {
      running: fleet.ready,
      requests: aggregate(caller.reported, rules.aggregation, rules.lookBackMs, nowMs) ?? 0,
      isWaiting: caller.isWaiting,
      policy: null,
      capacity: FULL_CAPACITY,
      holdDownUntilMs: 0,
    };
    const outcome = decideScale(rules, memory, inputs, nowMs);
    if (outcome.memory.target !== memory.target) {
      const [from, to] = [memory.target, outcome.memory.target];
      decisions.push({ second: Math.round(nowMs / SECOND_MS), from, to, reason: outcome.reason });
      fleet.resize(to, nowMs);
    }
    memory = outcome.memory;
    if (nowMs % SECOND_MS !== 0) continue;
    const { ready, queued } = fleet;
    seconds.push({
      second: nowMs / SECOND_MS,
      load,
      target: memory.target,
      ready,
      queued,
      latenciesS: fleet.takeLatencies(),
    });
  }
  return { seconds, decisions };
}

interface Request {
  readonly arrivedMs: number;
  readonly workMs: number;
}

interface Replica {
  readonly readyMs: number;
  /** When each running request ends. */
  busy: number[];
}

/** Replicas, their slots, and the requests that wait for one. Surplus replicas take nothing new and finish. */
class Fleet {
  readonly #options: SimulationOptions;
  readonly #queue: Request[] = [];
  #replicas: Replica[] = [];
  #leaving: Replica[] = [];
  #latencies: number[] = [];
  #nowMs = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
  }

  get ready(): number {
    return this.#replicas.filter(({ readyMs }) => readyMs <= this.#nowMs).length;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get ongoing(): number {
    return [...this.#replicas, ...this.#leaving].reduce((sum, { busy }) => sum + busy.length, 0);
  }

  resize(target: number, nowMs: number): void {
    while (this.#replicas.length < target) {
      this.#replicas.push({ readyMs: nowMs + this.#options.startS * SECOND_MS, busy: [] });
    }
    this.#leaving.push(...this.#replicas.splice(target));
  }

  arrive(arrivedMs: number, workMs: number): void {
    this.#queue.push({ arrivedMs, workMs });
  }

  /** Ends what is done and gives free slots to who waits longest, at the least busy replica. */
  run(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const replica of [...this.#replicas, ...this.#leaving]) {
      replica.busy = replica.busy.filter((endMs) => endMs > nowMs);
    }
    this.#leaving = this.#leaving.filter(({ busy }) => busy.length > 0);
    const serving = this.#replicas.filter(({ readyMs }) => readyMs <= nowMs);
    while (this.#queue.length > 0) {
      const [free] = serving
        .filter(({ busy }) => busy.length < this.#options.maxOngoingRequests)
        .sort((a, b) => a.busy.length - b.busy.length);
      const next = free === undefined ? undefined : this.#queue.shift();
      if (free === undefined || next === undefined) return;
      free.busy.push(nowMs + next.workMs);
      this.#latencies.push((nowMs + next.workMs - next.arrivedMs) / SECOND_MS);
    }
  }

  /** Latencies of requests that found a slot since the last time, seconds. */
  takeLatencies(): readonly number[] {
    const taken = this.#latencies;
    this.#latencies = [];
    return taken;
  }
}

/** S2 */
class Caller {
  readonly #rules: ScalingRules;
  readonly #queued: Sample[] = [];
  readonly #ongoing: Sample[] = [];
  readonly #sampleMs: number;
  #wasStarved = false;
  reported: readonly (readonly Sample[])[] = [];
  isWaiting = false;
  /** A report went out at this look. */
  hasNews = false;

  constructor(rules: ScalingRules) {
    this.#rules = rules;
    this.#sampleMs = Math.min(rules.lookBackMs * 0.2, rules.metricsIntervalMs);
  }

  look(fleet: Fleet, nowMs: number): void {
    const isStarved = fleet.ready === 0 && fleet.queued > 0;
    const isUrgent = isStarved && !this.#wasStarved;
    this.#wasStarved = isStarved;
    this.hasNews = isUrgent || nowMs % this.#rules.metricsIntervalMs === 0;
    if (!this.hasNews && nowMs % this.#sampleMs !== 0) return;
    this.#queued.push([nowMs, fleet.queued]);
    this.#ongoing.push([nowMs, fleet.ongoing]);
    if (!this.hasNews) return;
    this.isWaiting = fleet.queued > 0;
    this.reported = [[...this.#queued], [...this.#ongoing]];
  }
}

/** Knuth's method: right for the small means of a tick. */
function poisson(mean: number, random: Random): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}

function exponentialMs(meanS: number, random: Random): number {
  return -Math.log(1 - random.next()) * meanS * SECOND_MS;
}
