import { describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import type { ControlLink } from "../transport/control-link.ts";
import { SpareBuilder } from "./spare-builder.ts";

const PLACE = { workingDir: "/app" };
const linkOf = (id: string): ControlLink => ({ peer: { role: "builder", id, epoch: 1 } }) as ControlLink;

function make() {
  const clock = new ManualClock();
  const started: string[] = [];
  const killed: string[] = [];
  const start = (): string => `builder-${started.push("") - 1}`;
  return { clock, started, killed, spare: new SpareBuilder(start, (id) => killed.push(id), clock) };
}

describe("SpareBuilder", () => {
  it("waits a while before it starts one (R2), and hands it out once", async () => {
    const { clock, started, spare } = make();
    spare.keepFor(PLACE);
    expect(spare.take(PLACE)).toBeUndefined();
    await clock.advance(1000);
    expect(started).toHaveLength(1);
    const link = linkOf("builder-0");
    expect(spare.connected(link)).toBe(true);
    expect(spare.take(PLACE)).toEqual({ id: "builder-0", link });
    expect(spare.take(PLACE)).toBeUndefined();
  });

  it("is for its own folder and environment, one at most (R1)", async () => {
    const { clock, started, spare } = make();
    spare.keepFor(PLACE);
    await clock.advance(1000);
    spare.keepFor(PLACE);
    await clock.advance(1000);
    expect(started).toHaveLength(1);
    expect(spare.take({ ...PLACE, env: { A: "1" } })).toBeUndefined();
    expect(spare.take({ workingDir: "/other" })).toBeUndefined();
    expect(spare.take(PLACE)).toEqual({ id: "builder-0", link: undefined });
  });

  it("ends one that nobody asks for, however often builds begin again elsewhere (R1)", async () => {
    const { clock, killed, spare } = make();
    spare.keepFor(PLACE);
    await clock.advance(1000);
    await clock.advance(600_000);
    expect(killed).toEqual(["builder-0"]);
    expect(clock.pending).toBe(0);
  });

  it("ends one that waits for another place when builds go on here", async () => {
    const { clock, killed, spare } = make();
    spare.keepFor(PLACE);
    await clock.advance(1000);
    spare.keepFor({ workingDir: "/other" });
    await clock.advance(1000);
    expect(killed).toEqual(["builder-0"]);
    expect(spare.take({ workingDir: "/other" })).toEqual({ id: "builder-1", link: undefined });
  });

  it("forgets one that exited, and knows no other's link", async () => {
    const { clock, spare } = make();
    spare.keepFor(PLACE);
    await clock.advance(1000);
    expect(spare.connected(linkOf("builder-9"))).toBe(false);
    spare.exited("builder-0");
    expect(spare.take(PLACE)).toBeUndefined();
  });
});
