import { describe, expect, it } from "vitest";
import { ServeError } from "../core/errors.ts";
import type { StateStore } from "../engine/state-store.ts";
import { Checkpoint } from "./checkpoint.ts";
import { ControllerState } from "./state.ts";

/** A store that tells which documents each write had, and may refuse. */
function recordingStore() {
  const documents = new Map<string, Uint8Array>();
  const writes: string[][] = [];
  const door = { isFull: false };
  const store: StateStore = {
    place: "memory",
    read: (key) => documents.get(key),
    keys: (prefix) => [...documents.keys()].filter((key) => key.startsWith(prefix)),
    write(changes) {
      if (door.isFull) throw new ServeError("ENGINE", "the disk is full");
      writes.push([...changes.keys()].sort());
      for (const [key, bytes] of changes)
        if (bytes === null) documents.delete(key);
        else documents.set(key, bytes);
    },
    close: () => undefined,
  };
  return { store, writes, door };
}

const CONFIG = { document: { applications: [] }, workingDir: "/", acceptedMs: 1, serving: null };

describe("Checkpoint", () => {
  it("writes the documents that changed, together, and none when none did (R1)", () => {
    const { store, writes } = recordingStore();
    const checkpoint = new Checkpoint(store);
    const state = new ControllerState();
    checkpoint.save(state);
    checkpoint.save(state);
    state.config = CONFIG;
    state.orders = [{ id: "a", applications: ["shop"] }];
    checkpoint.save(state);
    state.deployment("shop", "Cart").scale = { target: 3 };
    checkpoint.save(state);
    checkpoint.save(state);
    expect(writes).toEqual([["config", "deployments", "orders", "processes"], ["config", "orders"], ["deployments"]]);
  });

  it("is as complete for the next head, which writes nothing before something changes", () => {
    const { store, writes } = recordingStore();
    const state = new ControllerState();
    Object.assign(state, { config: CONFIG, orders: [{ id: "a", applications: ["shop"] }] });
    new Checkpoint(store).save(state);
    const [next, later] = [new Checkpoint(store), new ControllerState()];
    next.load(later, 0);
    next.save(later);
    expect([later.config, later.orders, writes.length]).toEqual([state.config, state.orders, 1]);
  });

  it("writes again what could not be written", () => {
    const { store, writes, door } = recordingStore();
    const checkpoint = new Checkpoint(store);
    const state = new ControllerState();
    checkpoint.save(state);
    state.config = CONFIG;
    door.isFull = true;
    expect(() => checkpoint.save(state)).toThrow("the disk is full");
    door.isFull = false;
    checkpoint.save(state);
    expect(writes.at(-1)).toEqual(["config"]);
  });
});
