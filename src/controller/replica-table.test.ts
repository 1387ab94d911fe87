import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReplicaTable } from "./replica-table.ts";

const few = fc.integer({ min: 0, max: 3 });

describe("ReplicaTable", () => {
  it("finds by deployment what a search through all finds, whatever came and went", () => {
    const steps = fc.array(fc.record({ id: fc.integer({ min: 0, max: 9 }), application: few, deployment: few }));
    fc.assert(
      fc.property(steps, (all) => {
        const table = new ReplicaTable<{ id: string; application: string; deployment: string }>();
        for (const step of all) {
          const [id, application, deployment] = [step.id, step.application, step.deployment].map(String) as [
            string,
            string,
            string,
          ];
          if (table.get(id) === undefined) table.add({ id, application, deployment });
          else table.delete(id);
          const left = [...table.values()];
          expect(table.size).toBe(left.length);
          const own = left.filter((one) => one.application === application);
          expect(table.of(application, deployment)).toEqual(own.filter((one) => one.deployment === deployment));
          expect(new Set(table.byDeployment(application).keys())).toEqual(new Set(own.map((one) => one.deployment)));
        }
      }),
    );
  });
});
