// Prints what replicas print: one line each with the deployment and the replica's id. It asks each head in turn, and
// tells it what it has, so that nothing is repeated when a head was replaced.
import { ServeError } from "../core/errors.ts";
import type { HeadMethods, OutputPositions, ReplicaOutput } from "../protocol/control.ts";
import type { ControlLink } from "../transport/control-link.ts";
import type { HeadLink } from "./head-link.ts";

export class OutputPrinter {
  readonly #print: (line: string) => void;
  /** Undefined until the output is asked for. */
  #positions: Map<string, number> | undefined;
  #isWanted: (application: string) => boolean = () => true;

  /** @param print gets lines without their ends */
  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** A link to a head is up. Called in the turn in which it was made. */
  install(link: ControlLink): void {
    link.onRequest((method, body) => {
      if (method !== "output") throw new ServeError("PROTOCOL", `a driver does not answer ${method}`);
      this.#take(body as ReplicaOutput);
      return null;
    });
    if (this.#positions === undefined) return;
    const positions = Object.fromEntries(this.#positions);
    link.request<HeadMethods, "followOutput">("followOutput", { positions }).then(
      (answer) => this.#stand(answer.positions),
      () => undefined, // the next link asks again
    );
  }

  /** From now on the output of those applications is printed. @param isWanted default: of all */
  follow(head: HeadLink, isWanted: (application: string) => boolean = () => true): void {
    this.#isWanted = isWanted;
    head.request("followOutput", { positions: null }).then(
      ({ positions }) => this.#stand(positions),
      () => undefined, // the instance is gone, and whoever waits for it is told so
    );
  }

  #stand(positions: OutputPositions): void {
    this.#positions = new Map(Object.entries(positions));
  }

  #take({ application, deployment, replicaId, lines, skippedBytes, position }: ReplicaOutput): void {
    this.#positions?.set(replicaId, position);
    if (!this.#isWanted(application)) return;
    const who = `(${deployment} ${replicaId})`;
    if (skippedBytes > 0) this.#print(`${who} ... ${skippedBytes} bytes left out; see manta logs ${replicaId}`);
    for (const line of lines) this.#print(`${who} ${line}`);
  }
}
