import { afterEach, describe, expect, it } from "vitest";
import { deployment, replicaContext, requestContext, requestRouter } from "../index.ts";
import type { RoutedCall, RoutedReplica } from "../index.ts";
import { type InMemoryInstance, runInMemory } from "./index.ts";

let instance: InMemoryInstance<unknown> | undefined;
afterEach(() => instance?.close());

/** The replica whose rank is the session's. */
class ByRank {
  choose(candidates: readonly RoutedReplica[], { sessionId }: RoutedCall) {
    return candidates.filter(({ stats }) => String(stats["rank"]) === sessionId);
  }
}

class Ranked {
  recordRoutingStats() {
    return { rank: replicaContext().rank.rank };
  }
  fetch() {
    return { rank: replicaContext().rank.rank, session: requestContext().sessionId };
  }
}

describe("a user's router (P5)", () => {
  it("decides in memory, too, by what replicas record", async () => {
    const options = { numReplicas: 3, requestRouterConfig: requestRouter(ByRank) };
    const opened = await runInMemory(deployment(Ranked, options).bind());
    instance = opened as InMemoryInstance<unknown>;
    for (const session of ["2", "0", "1", "2"]) {
      const headers = { "x-session-id": session, "x-request-timeout-seconds": "5" };
      const answer = await opened.fetch(new Request("http://h/", { headers }));
      expect(await answer.json()).toEqual({ rank: Number(session), session });
    }
  });
});
