import { describe, expect, it } from "vitest";
import type { AgedSeries } from "../protocol/control.ts";
import { ScalingReports } from "./scaling-reports.ts";

const report = (queued: AgedSeries, ongoing: AgedSeries, deployment = "Model") => ({
  application: "app",
  deployment,
  queued,
  ongoing,
});
const KEY = "app#Model";

describe("ScalingReports", () => {
  it("dates ages back from the moment of arrival", () => {
    const reports = new ScalingReports();
    reports.add(
      "proxy-1",
      [
        report(
          [[0, 2]],
          [
            [500, 1],
            [0, 3],
          ],
        ),
      ],
      10_000,
    );
    expect(reports.load(KEY, 10_000, 12_000)).toEqual({
      queued: [[[10_000, 2]]],
      ongoing: [
        [
          [9500, 1],
          [10_000, 3],
        ],
      ],
      silentMs: 2000,
    });
  });

  it("has one report of each source, and none of one whose link ended (R1)", () => {
    const reports = new ScalingReports();
    reports.add("a", [report([[0, 1]], [])], 0);
    reports.add("a", [report([[0, 2]], []), report([[0, 9]], [], "Other")], 1000);
    reports.add("b", [report([[0, 5]], [])], 2000);
    expect(reports.load(KEY, 10_000, 2000).queued).toEqual([[[1000, 2]], [[2000, 5]]]);
    reports.drop("a");
    expect(reports.load(KEY, 10_000, 2000).queued).toEqual([[[2000, 5]]]);
    expect(reports.load("app#Other", 10_000, 2000).queued).toEqual([]);
  });

  it("drops a source that is silent for more than two intervals, and 10 s at least (R2, A6)", () => {
    const cases = [
      [1000, 10_000],
      [30_000, 60_000],
    ] as const;
    for (const [intervalMs, limitMs] of cases) {
      const reports = new ScalingReports();
      reports.add("a", [report([[0, 1]], [])], 0);
      expect(reports.load(KEY, intervalMs, limitMs).queued).toHaveLength(1);
      expect(reports.load(KEY, intervalMs, limitMs + 1)).toEqual({ queued: [], ongoing: [], silentMs: null });
    }
  });

  it("keeps a replica's own numbers over the look-back, and the newest from before it", () => {
    const reports = new ScalingReports();
    for (const [timeMs, value] of [
      [0, 1],
      [1000, 2],
      [5000, 3],
    ] as const)
      reports.addStats("r1", { load: value }, timeMs);
    expect([...reports.stats("r1", 3000, 6000)]).toEqual([
      [
        "load",
        [
          [1000, 2],
          [5000, 3],
        ],
      ],
    ]);
    reports.drop("r1");
    expect([...reports.stats("r1", 3000, 6000)]).toEqual([]);
  });

  it("forgets a number that a replica has not named for a look-back, and keeps one while it names nothing at all", () => {
    const reports = new ScalingReports();
    reports.addStats("r1", { once: 1, load: 1 }, 0);
    expect([...reports.stats("r1", 3000, 60_000).keys()]).toEqual(["once", "load"]);
    reports.addStats("r1", { load: 2 }, 3000);
    expect([...reports.stats("r1", 3000, 60_000).keys()]).toEqual(["load"]);
  });

  it("forgets deployments that are no more", () => {
    const reports = new ScalingReports();
    reports.add("a", [report([[0, 1]], [])], 0);
    reports.keepOnly(new Set());
    expect(reports.load(KEY, 10_000, 0).silentMs).toBeNull();
  });
});
