// Accepts the control links of the instance and hands each word to whom it concerns. It keeps links, no other state.
//   R1  An id and epoch whose process the engine saw end is refused: that process is a ghost, and ends itself.
//   R2  Everyone is a subscriber of the change feed under its own id; a closed link subscribes to nothing.
import type { ChangeFeed } from "../controller/change-feed.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import { RetiredEpochs } from "../engine/retired-epochs.ts";
import type { ProcessId } from "../model/ids.ts";
import type { Address, Notifications, ProxyReport, ReplicaReport, Role, VisitorMethods } from "../protocol/control.ts";
import type { Connection, Peer } from "../transport/connection.ts";
import { ControlLink } from "../transport/control-link.ts";
import type { Listener, Transport } from "../transport/transport.ts";
import type { Builders } from "./builders.ts";
import type { HeadRequests } from "./head-methods.ts";
import type { OutputRelay } from "./output-relay.ts";
import type { Policies } from "./policies.ts";
import type { ProcessLinks } from "./process-links.ts";

/** Who is told what the processes of the instance say. */
export interface ProcessEvents {
  onReplicaReport(id: ProcessId, report: ReplicaReport): void;
  onProxyReport(id: ProcessId, report: ProxyReport): void;
  onLinkClosed(role: Role, id: ProcessId): void;
  /** A caller of any kind told what it holds for deployments that scale by themselves. */
  onScalingReport(id: ProcessId, report: Notifications["scaling.report"]): void;
  onScalingStats(id: ProcessId, report: Notifications["scaling.stats"]): void;
  /** Nothing more comes from it. */
  onReporterLeft(id: ProcessId): void;
}

export interface ControlServerParts {
  readonly requests: HeadRequests;
  readonly events: ProcessEvents;
  readonly links: ProcessLinks;
  readonly builders: Builders;
  readonly policies: Policies;
  readonly feed: ChangeFeed;
  readonly output: OutputRelay;
  readonly logger: Logger;
}

export class ControlServer {
  readonly #parts: ControlServerParts;
  readonly #clock: Clock;
  /** R1 */
  readonly #retired = new RetiredEpochs();
  /** Links of drivers and the CLI, the newest of each id. */
  readonly #visitors = new Map<string, ControlLink>();
  #listener: Listener | undefined;

  constructor(parts: ControlServerParts, clock: Clock) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /** @throws {ServeError} ENGINE when the address cannot be bound */
  async listen(transport: Transport, address: Address, id: string): Promise<void> {
    const self = { role: "head", id, epoch: 0 } as const;
    this.#listener = await transport.listen(
      address,
      self,
      (connection) => this.#accept(connection),
      (peer) => this.#admit(peer),
    );
  }

  /** The engine saw this process end. */
  retire(id: ProcessId, epoch: number): void {
    this.#retired.add(id, epoch);
  }

  async close(reason: string): Promise<void> {
    for (const link of this.#visitors.values()) link.close(reason);
    this.#parts.links.close(reason);
    await this.#listener?.close();
  }

  #admit({ role, id, epoch }: Peer): string | undefined {
    if (role === "head") return "there is one head, and it is here";
    return epoch <= this.#retired.newest(id) ? `${role} ${id} of epoch ${epoch} has ended` : undefined;
  }

  #accept(connection: Connection): void {
    const { requests, feed, builders, policies, links, events, output } = this.#parts;
    const link = new ControlLink(connection, this.#clock);
    const { role, id } = link.peer;
    if (role === "builder") return builders.connected(link);
    if (role === "policy") return policies.connected(link);
    link.onRequest((method, body) => requests.answer(role, id, method, body));
    link.onNotify((topic, body) => this.#heard(link, topic, body));
    feed.connect(id, (changes) => link.notify("feed", { changes }));
    const isProcess = role === "replica" || role === "proxy";
    if (isProcess) links.add(link);
    else {
      this.#visitors.set(id, link);
      output.connect(id, (piece) => link.request<VisitorMethods, "output">("output", piece));
    }
    void link.closed.then(() => {
      const isNewest = isProcess ? links.remove(link) : this.#visitors.get(id) === link && this.#visitors.delete(id);
      if (!isNewest) return;
      feed.disconnect(id);
      events.onReporterLeft(id);
      if (isProcess) events.onLinkClosed(role, id);
      else output.disconnect(id);
    });
  }

  #heard(link: ControlLink, topic: string, body: unknown): void {
    const { events, feed, logger } = this.#parts;
    const { role, id } = link.peer;
    if (topic === "feed.ack") feed.acknowledge(id, (body as Notifications["feed.ack"]).versions);
    else if (topic === "scaling.report") events.onScalingReport(id, body as Notifications["scaling.report"]);
    else if (topic === "scaling.stats" && role === "replica")
      events.onScalingStats(id, body as Notifications["scaling.stats"]);
    else if (topic === "replica.report" && role === "replica") events.onReplicaReport(id, body as ReplicaReport);
    else if (topic === "proxy.report" && role === "proxy") events.onProxyReport(id, body as ProxyReport);
    else logger.warn("control.unknown_topic", { topic, role, id });
  }
}
