// Documents in this process's memory: survives a controller, not the process. For the memory engine and for tests.
import type { StateStore } from "../../engine/state-store.ts";

/** A `StateStore` over a map. Values are copied both ways, as a disk would. */
export class MemoryStore implements StateStore {
  readonly place = "memory";
  readonly #documents = new Map<string, Uint8Array>();

  read(key: string): Uint8Array | undefined {
    return this.#documents.get(key)?.slice();
  }

  write(changes: ReadonlyMap<string, Uint8Array | null>): void {
    for (const [key, value] of changes) {
      if (value === null) this.#documents.delete(key);
      else this.#documents.set(key, value.slice());
    }
  }

  keys(prefix: string): readonly string[] {
    return [...this.#documents.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  close(): void {
    // Nothing is open; the documents stay readable for the next controller.
  }
}
