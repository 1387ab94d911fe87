// One door for what the controller says about its work: a log record and a line of the deployment's history.
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { ControllerState, ReplicaRecord } from "./state.ts";

export type JournalLevel = "info" | "warn";

export class Journal {
  readonly #state: ControllerState;
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(state: ControllerState, logger: Logger, clock: Clock) {
    this.#state = state;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** @param event constant dotted name: `replica.start` */
  replica(record: ReplicaRecord, event: string, reason: string, level: JournalLevel = "info"): void {
    const { application, deployment, id } = record;
    this.#logger[level](event, { application, deployment, replica: id, reason });
    this.#remember(application, deployment, event, id, reason);
  }

  /** @param event constant dotted name: `deployment.status` */
  deployment(
    application: string,
    deployment: string,
    event: string,
    reason: string,
    level: JournalLevel = "info",
  ): void {
    this.#logger[level](event, { application, deployment, reason });
    this.#remember(application, deployment, event, "", reason);
  }

  /** @param event constant dotted name: `application.build` */
  application(application: string, event: string, reason: string, level: JournalLevel = "info"): void {
    this.#logger[level](event, { application, reason });
    this.#remember(application, "", event, "", reason);
  }

  #remember(application: string, deployment: string, event: string, replicaId: string, reason: string): void {
    this.#state.history.add({ timeMs: this.#clock.now(), application, deployment, replicaId, event, reason });
  }
}
