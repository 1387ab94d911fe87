import { describe, expect, it } from "vitest";
import { editDistance, nearestKey } from "./nearest-key.ts";

const known = ["name", "numReplicas", "maxOngoingRequests", "maxQueuedRequests", "userConfig", "runtimeEnv"];

describe("nearestKey", () => {
  it.each([
    ["num_replicas", "numReplicas"],
    ["numReplica", "numReplicas"],
    ["numreplicas", "numReplicas"],
    ["maxOngoingRequest", "maxOngoingRequests"],
    ["max_concurrent_queries", undefined],
    ["usrConfig", "userConfig"],
    ["ray_actor_options", "runtimeEnv"],
    ["nmae", "name"],
    ["zzz", undefined],
    ["", undefined],
  ])("takes %o for %o", (key, nearest) => {
    expect(nearestKey(key, known)).toBe(nearest);
  });
});

describe("editDistance", () => {
  it.each([
    ["", "abc", 3],
    ["abc", "abc", 0],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
  ])("from %o to %o is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});
