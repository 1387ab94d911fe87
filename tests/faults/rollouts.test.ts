// The short form of the proof that `npm run test:faults` gives with a hundred redeploys.
import { expect, it } from "vitest";
import { Instance } from "./instance.ts";
import { proveRollouts } from "./rollouts.ts";

const REDEPLOYS = 16;

it(
  "fails no request in redeploys under load, broken ones between them (D2, D6, D7)",
  { timeout: 240_000 },
  async () => {
    const instance = new Instance();
    try {
      await instance.start();
      const { sent, answered, broken, versions, problems } = await proveRollouts(instance, REDEPLOYS);
      expect(problems).toEqual([]);
      expect(answered).toBe(sent);
      expect([broken, versions]).toEqual([REDEPLOYS / 4, REDEPLOYS + 1]);
      await instance.manta("shutdown", "-y");
    } finally {
      await instance.close();
    }
  },
);
