// The models that one replica holds: M1. It knows nothing of requests; who uses a model says when it is done.
//   R1  A hit makes a model the most recent one. A miss loads it; when its load begins, the least recent of those that are
//       loaded is given up where it would exceed the limit. One that waits for its load is never given up for another.
//   R2  Loads of one id share one load; loads of different ids go one after the other, in the order asked.
//   R3  What is given up is disposed of exactly once, when its last use has ended. A load waits for that only while
//       nobody uses the model: a long request must not hold up the next model. Asked for again while it is in use, it is
//       taken back, not loaded a second time.
//   R4  A failed load leaves nothing: the next call of that id tries again.
import type { Clock } from "../core/clock.ts";
import { describeThrown, ServeError } from "../core/errors.ts";

/** One use of a model; `end` may be called again without effect. */
export interface ModelUse<M> {
  readonly model: M;
  end(): void;
}

/** What the cache tells, for metrics and for routing. Milliseconds. */
export interface ModelEvents {
  /** A model was asked for. */
  onAsked(): void;
  /** The ids that are held or being loaded, least recent first. */
  onChange(ids: readonly string[]): void;
  loaded(id: string, ms: number): void;
  disposed(id: string, ms: number): void;
  /** A model's disposal threw. */
  disposeFailed(id: string, error: unknown): void;
}

export interface ModelCacheOptions<M> {
  /** For messages: `Model.getModel`. */
  readonly name: string;
  /** Infinity: no limit. */
  readonly limit: number;
  load(id: string): Promise<M> | M;
  dispose(model: M): Promise<void> | void;
}

interface Entry<M> {
  readonly id: string;
  readonly model: Promise<M>;
  /** Its load has begun: it counts towards the limit. */
  loadBegun: boolean;
  uses: number;
  /** Set when it is given up: runs once, when nobody uses it. */
  whenIdle: (() => void) | undefined;
}

export class ModelCache<M> {
  readonly #options: ModelCacheOptions<M>;
  readonly #events: ModelEvents;
  readonly #clock: Clock;
  /** Least recent first. */
  readonly #entries = new Map<string, Entry<M>>();
  /** The end of the newest load (R2). */
  #lastLoad: Promise<void> = Promise.resolve();
  /** What is given up and not yet disposed of, with the end of it. */
  readonly #leaving = new Map<Entry<M>, Promise<void>>();
  #cleared = false;

  constructor(options: ModelCacheOptions<M>, events: ModelEvents, clock: Clock) {
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
  }

  /** Ids held or being loaded, least recent first. */
  get ids(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** A model for use. @throws {ServeError} MODEL_LOAD with what the loader threw as cause */
  async use(id: string): Promise<ModelUse<M>> {
    this.#events.onAsked();
    const entry = this.#entries.get(id) ?? this.#takeBack(id) ?? this.#miss(id);
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    entry.uses++;
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      if (--entry.uses === 0) entry.whenIdle?.();
    };
    try {
      return { model: await entry.model, end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Gives everything up. Resolves when all is disposed of. */
  async clear(): Promise<void> {
    this.#cleared = true;
    for (const entry of this.#entries.values()) void this.#giveUp(entry);
    await Promise.all(this.#leaving.values());
  }

  /** R3 */
  #takeBack(id: string): Entry<M> | undefined {
    const entry = [...this.#leaving.keys()].find((one) => one.id === id && one.whenIdle !== undefined);
    if (entry === undefined || this.#cleared) return undefined;
    entry.whenIdle = undefined;
    this.#leaving.delete(entry);
    const loaded = this.#loaded();
    if (loaded[0] !== undefined && loaded.length >= this.#options.limit) void this.#giveUp(loaded[0]);
    this.#entries.set(id, entry);
    this.#events.onChange(this.ids);
    return entry;
  }

  #miss(id: string): Entry<M> {
    const load: Promise<M> = this.#lastLoad.then(() => this.#load(entry));
    const entry: Entry<M> = { id, model: load, loadBegun: false, uses: 0, whenIdle: undefined };
    this.#lastLoad = load.then(
      () => undefined,
      () => undefined,
    );
    this.#entries.set(id, entry);
    this.#events.onChange(this.ids); // announced while it loads, so that more calls for it come here
    load.catch(() => {
      if (this.#entries.get(id) !== entry) return;
      this.#entries.delete(id); // R4
      this.#events.onChange(this.ids);
    });
    return entry;
  }

  async #load(entry: Entry<M>): Promise<M> {
    const { id } = entry;
    await this.#makeRoom();
    entry.loadBegun = true;
    const startMs = this.#clock.monotonic();
    try {
      const model = await this.#options.load(id);
      this.#events.loaded(id, this.#clock.monotonic() - startMs);
      return model;
    } catch (cause) {
      const message = `${this.#options.name}: loading model ${JSON.stringify(id)} failed: ${describeThrown(cause)}`;
      throw new ServeError("MODEL_LOAD", message, { modelId: id }, { cause });
    }
  }

  #loaded(): readonly Entry<M>[] {
    return [...this.#entries.values()].filter(({ loadBegun }) => loadBegun);
  }

  /** R1, R3 */
  async #makeRoom(): Promise<void> {
    for (;;) {
      const loaded = this.#loaded();
      const [least] = loaded;
      if (least === undefined || loaded.length < this.#options.limit) return;
      const isIdle = least.uses === 0;
      const gone = this.#giveUp(least);
      if (isIdle) await gone;
    }
  }

  #giveUp(entry: Entry<M>): Promise<void> {
    if (this.#entries.get(entry.id) === entry) {
      this.#entries.delete(entry.id);
      this.#events.onChange(this.ids);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#leaving.set(entry, promise);
    entry.whenIdle = () => {
      entry.whenIdle = undefined;
      void this.#dispose(entry).then(() => {
        this.#leaving.delete(entry);
        resolve();
      });
    };
    if (entry.uses === 0) entry.whenIdle();
    return promise;
  }

  async #dispose(entry: Entry<M>): Promise<void> {
    let model: M;
    try {
      model = await entry.model;
    } catch {
      return; // a load that failed left nothing
    }
    const startMs = this.#clock.monotonic();
    try {
      await this.#options.dispose(model);
    } catch (error) {
      this.#events.disposeFailed(entry.id, error);
    }
    this.#events.disposed(entry.id, this.#clock.monotonic() - startMs);
  }
}
