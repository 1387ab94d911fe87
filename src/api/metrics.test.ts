import { describe, expect, expectTypeOf, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { formatExposition } from "../telemetry/exposition.ts";
import { MetricRegistry } from "../telemetry/metrics.ts";
import { defaultRuntime } from "./default-runtime.ts";
import { runWithRuntime } from "./globals.ts";
import { metrics, type Counter, type Metrics } from "./metrics.ts";
import type { Runtime } from "./runtime.ts";

function inReplica(replicaId: string, registry: MetricRegistry): Runtime {
  const rank = { rank: 0, nodeRank: 0, localRank: 0 };
  const replica = { application: "shop", deployment: "Cart", replicaId, rank, worldSize: 1, codeVersion: "v" };
  return { ...defaultRuntime, metrics: registry, replica };
}

function pageOf(registry: MetricRegistry): string[] {
  return formatExposition(registry.snapshot())
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

describe("metrics in a replica", () => {
  it("are counted where the code runs, with deployment, replica and application (R1)", () => {
    const items = metrics.counter("cart_items", { description: "Items.", labels: ["kind"] });
    const first = new MetricRegistry();
    const second = new MetricRegistry();
    runWithRuntime(inReplica("r1", first), () => {
      items.inc(2, { kind: "book" });
      items.inc(1, { kind: "book" });
    });
    runWithRuntime(inReplica("r2", second), () => items.inc(5, { kind: "pen" }));
    const own = (replica: string): string => `deployment="Cart",replica="${replica}",application="shop"`;
    expect(pageOf(first)).toEqual([`ray_cart_items_total{kind="book",${own("r1")}} 3`]);
    expect(pageOf(second)).toEqual([`ray_cart_items_total{kind="pen",${own("r2")}} 5`]);
  });

  it("may be gauges and histograms, made inside of the code as well", () => {
    const registry = new MetricRegistry();
    runWithRuntime(inReplica("r1", registry), () => {
      metrics.gauge("cart_size").set(-2.5);
      const weights = metrics.histogram("cart_weight_kg", { buckets: [1, 10] });
      for (const kg of [0.5, 1, 50]) weights.observe(kg);
      metrics.counter("cart_plain").inc();
    });
    const own = 'deployment="Cart",replica="r1",application="shop"';
    expect(pageOf(registry)).toEqual([
      `ray_cart_size{${own}} -2.5`,
      `ray_cart_weight_kg_bucket{${own},le="1.0"} 2`,
      `ray_cart_weight_kg_bucket{${own},le="10.0"} 2`,
      `ray_cart_weight_kg_bucket{${own},le="+Inf"} 3`,
      `ray_cart_weight_kg_sum{${own}} 51.5`,
      `ray_cart_weight_kg_count{${own}} 3`,
      `ray_cart_plain_total{${own}} 1`,
    ]);
  });
});

describe("metrics outside of a replica", () => {
  it("take values and count nothing (R1)", () => {
    const outside = metrics.counter("outside", { labels: ["a"] });
    expect(() => outside.inc(1, { a: "x" })).not.toThrow();
  });
});

describe("what cannot be", () => {
  const anything = metrics as unknown as Record<
    keyof Metrics,
    (...args: unknown[]) => Record<string, (...args: unknown[]) => void>
  >;

  it.each<[string, () => unknown, RegExp]>([
    [
      "a name",
      () => metrics.counter("9lives"),
      /^metrics\.counter\("9lives"\): name: received "9lives", expected letters/,
    ],
    [
      "Manta's own name",
      () => metrics.gauge("serve_num_http_requests"),
      /expected a name that does not begin with "serve_"/,
    ],
    ["a label", () => metrics.counter("bad_label", { labels: ["a-b"] }), /\.labels: received "a-b"/],
    [
      "an added label",
      () => metrics.counter("bad_own", { labels: ["replica"] }),
      /a label other than deployment, replica, application/,
    ],
    ["le", () => metrics.histogram("bad_le", { labels: ["le"], buckets: [1] }), /a label other than/],
    ["a label twice", () => metrics.counter("bad_twice", { labels: ["a", "a"] as const }), /each label once/],
    ["no buckets", () => anything.histogram("bad_none"), /\.buckets: received \[\], expected numbers above 0/],
    ["buckets that fall", () => metrics.histogram("bad_falling", { buckets: [2, 1] }), /strictly ascending/],
    ["two meanings", () => (metrics.counter("two"), metrics.gauge("two")), /what the name means already/],
    [
      "a negative step",
      () => metrics.counter("bad_step").inc(-1),
      /: value: received -1, expected a number that is not/,
    ],
    ["no number", () => anything.gauge("bad_value").set?.("1"), /: value: received 1, expected a number/],
    ["a missing label", () => anything.gauge("bad_missing", { labels: ["a"] }).set?.(1), /a text for each of a$/],
    [
      "an unknown label",
      () => anything.gauge("bad_more", { labels: ["a"] }).set?.(1, { a: "x", b: "y" }),
      /: labels: received/,
    ],
    [
      "a label that is no text",
      () => anything.gauge("bad_text", { labels: ["a"] }).set?.(1, { a: 1 }),
      /: labels: received/,
    ],
  ])("is refused with its place: %s (R3)", (_what, attempt, message) => {
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(message);
  });
});

it("has types that ask for the labels", () => {
  const plain = metrics.counter("typed_plain");
  const labelled = metrics.counter("typed_labelled", { labels: ["a", "b"] });
  expectTypeOf(plain).toEqualTypeOf<Counter>();
  expectTypeOf(plain.inc).parameters.toEqualTypeOf<[value?: number]>();
  expectTypeOf(labelled.inc).parameters.toEqualTypeOf<[value: number, labels: Readonly<Record<"a" | "b", string>>]>();
});
