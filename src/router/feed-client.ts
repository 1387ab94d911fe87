// The subscriber's side of the change feed: says what it wants, puts versions into effect, acknowledges them.
//   R1  An older or equal version is ignored but acknowledged again, so that a head that asks twice is answered.
//   R2  What is not wanted any more may still be on its way: it is neither put into effect nor acknowledged.
//   R3  After a reconnect everything wanted is asked for again; a new head counts versions anew, so it is believed.
import type { ResolvedLoggingOptions } from "../config/options.generated.ts";
import {
  LOGGING_KEY,
  ROUTES_KEY,
  type DeploymentTargets,
  type FeedChange,
  type HeadMethods,
  type RouteTableData,
} from "../protocol/control.ts";
import type { ControlLink } from "../transport/control-link.ts";

/** Who puts changes into effect, synchronously. */
export interface FeedReceiver {
  routes?(table: RouteTableData): void;
  logging?(options: ResolvedLoggingOptions): void;
  targets(targets: DeploymentTargets): void;
}

export class FeedClient {
  readonly #receiver: FeedReceiver;
  readonly #wanted = new Set<string>();
  readonly #versions = new Map<string, number>();
  #link: ControlLink | undefined;

  constructor(receiver: FeedReceiver) {
    this.#receiver = receiver;
  }

  /** Subscribes to a key, now and after each reconnect. */
  want(key: string): void {
    if (this.#wanted.has(key)) return;
    this.#wanted.add(key);
    this.#subscribe([key]);
  }

  /** Ends the subscription to a key. */
  unwant(key: string): void {
    if (!this.#wanted.delete(key)) return;
    this.#versions.delete(key);
    this.#link?.request<HeadMethods, "unsubscribe">("unsubscribe", { keys: [key] }).catch(() => undefined);
  }

  /** A link to a head is up. Its `feed` notifications go to `receive`. */
  connected(link: ControlLink): void {
    this.#link = link;
    this.#versions.clear();
    this.#subscribe([...this.#wanted]);
  }

  /** Body of a `feed` notification that came over `link`. */
  receive(link: ControlLink, changes: readonly FeedChange[]): void {
    if (link !== this.#link) return;
    const versions: Record<string, number> = {};
    for (const { key, version, value } of changes) {
      if (!this.#wanted.has(key)) continue; // R2
      versions[key] = version;
      if (version <= (this.#versions.get(key) ?? -1)) continue;
      this.#versions.set(key, version);
      if (key === ROUTES_KEY) this.#receiver.routes?.(value as RouteTableData);
      else if (key === LOGGING_KEY) this.#receiver.logging?.(value as ResolvedLoggingOptions);
      else this.#receiver.targets(value as DeploymentTargets);
    }
    link.notify("feed.ack", { versions });
  }

  /** The version in effect of a key; -1 before the first. */
  versionOf(key: string): number {
    return this.#versions.get(key) ?? -1;
  }

  #subscribe(keys: readonly string[]): void {
    if (keys.length === 0 || this.#link === undefined) return;
    // A link that breaks meanwhile is replaced, and `connected` asks again.
    this.#link.request<HeadMethods, "subscribe">("subscribe", { keys }).catch(() => undefined);
  }
}
