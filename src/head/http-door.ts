// Whether the instance can be reached over HTTP: what `ready` waits for and what makes a deploy fail. The last proxy that
// listened, or could not, decides.
import { ServeError } from "../core/errors.ts";

export class HttpDoor {
  #state: "waiting" | "open" | ServeError;
  readonly #waiters = new Set<{ resolve: () => void; reject: (error: ServeError) => void }>();

  /** @param wanted false: the instance has no proxies, and nobody waits */
  constructor(wanted: boolean) {
    this.#state = wanted ? "waiting" : "open";
  }

  /** A proxy listens. */
  opened(): void {
    this.#state = "open";
    for (const { resolve } of this.#waiters) resolve();
    this.#waiters.clear();
  }

  /** A proxy could not listen. */
  failed(reason: ServeError): void {
    const text = reason.message.includes("--http-port")
      ? reason.message
      : `${reason.message}; choose another port by --http-port or http.port, 0 for a free one`;
    this.#state = new ServeError(reason.code, text, reason.details, { cause: reason, retryable: false });
    for (const { reject } of this.#waiters) reject(this.#state);
    this.#waiters.clear();
  }

  /** Resolves once a proxy listens. @throws {ServeError} why it cannot */
  whenOpen(): Promise<void> {
    if (this.#state === "open") return Promise.resolve();
    if (this.#state !== "waiting") return Promise.reject(this.#state);
    return new Promise((resolve, reject) => this.#waiters.add({ resolve, reject }));
  }
}
