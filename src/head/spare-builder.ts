// A builder process that is ready before anybody asks: while `manta run --reload` runs, the next build is a matter of time,
// and starting a process is half of it.
//   R1  One at most, for one folder and environment; it ends when nobody asked for it for long.
//   R2  It is started after a while: what was just built starts its replicas first.
import type { Cancel, Clock } from "../core/clock.ts";
import type { BuildOrder } from "../protocol/control.ts";
import type { ControlLink } from "../transport/control-link.ts";

/** Pause after a build, milliseconds (R2). Chosen: a small application's replicas have started by then. */
const PAUSE_MS = 1000;

/** How long it waits to be asked, milliseconds (R1). Chosen: a walk to the coffee machine. */
const LIMIT_MS = 600_000;

/** Where a builder runs. */
export type BuilderPlace = Pick<BuildOrder, "workingDir" | "env">;

/** A builder that has no order yet. */
export interface Spare {
  readonly id: string;
  /** Undefined until it has dialled in. */
  readonly link: ControlLink | undefined;
}

export class SpareBuilder {
  readonly #start: (place: BuilderPlace) => string;
  readonly #kill: (id: string) => void;
  readonly #clock: Clock;
  #spare: Spare | undefined;
  #place = "";
  #cancel: Cancel = () => undefined;

  /** @param start starts a builder, and answers its id */
  constructor(start: (place: BuilderPlace) => string, kill: (id: string) => void, clock: Clock) {
    this.#start = start;
    this.#kill = kill;
    this.#clock = clock;
  }

  /** From a while on (R2) one waits for an order of this place, and none of another. */
  keepFor(place: BuilderPlace): void {
    this.#cancel();
    this.#cancel = this.#clock.after(PAUSE_MS, () => this.#keep(place), true);
  }

  /** The one that waits, if it is for this place; it is the caller's now. */
  take(place: BuilderPlace): Spare | undefined {
    const spare = this.#spare;
    if (spare === undefined || this.#place !== keyOf(place)) return undefined;
    this.#cancel();
    this.#spare = undefined;
    return spare;
  }

  /** A builder dialled in. @returns whether it is the one that waits */
  connected(link: ControlLink): boolean {
    if (this.#spare?.id !== link.peer.id) return false;
    this.#spare = { id: link.peer.id, link };
    return true;
  }

  exited(id: string): void {
    if (this.#spare?.id === id) this.#spare = undefined;
  }

  end(): void {
    this.#cancel();
    if (this.#spare !== undefined) this.#kill(this.#spare.id);
    this.#spare = undefined;
  }

  #keep(place: BuilderPlace): void {
    const key = keyOf(place);
    if (this.#spare === undefined || this.#place !== key) {
      this.end();
      this.#place = key;
      this.#spare = { id: this.#start(place), link: undefined };
    }
    this.#cancel = this.#clock.after(LIMIT_MS, () => this.end(), true);
  }
}

function keyOf({ workingDir, env = {} }: BuilderPlace): string {
  return JSON.stringify([workingDir, env]);
}
