import { describe, expect, it } from "vitest";
import { fitLines, Screen } from "./screen.ts";

describe("fitLines", () => {
  it("cuts what is too wide and counts what is too much", () => {
    expect(fitLines("a\nlonger line", 6, 5)).toEqual(["a", "longe…"]);
    expect(fitLines("a\nlonger line", 0, 0)).toEqual(["a", "longer line"]);
    expect(fitLines("1\n2\n3\n4", 9, 3)).toEqual(["1", "2", "… 2 more lines"]);
  });
});

describe("Screen", () => {
  it("writes a frame once, over the one before, and gives the screen back (R1, R2)", () => {
    const written: string[] = [];
    const screen = new Screen({ columns: 80, rows: 24, write: (text) => written.push(text) });
    screen.enter();
    screen.draw("a\nb");
    screen.draw("a\nb");
    screen.draw("a");
    screen.leave();
    expect(written).toHaveLength(4);
    expect(written[1]).toContain("\u001b[Ha\u001b[K\nb\u001b[K\u001b[J");
    expect(written[1]).not.toContain("\u001b[2J");
    expect([written[0], written[3]]).toEqual(["\u001b[?1049h\u001b[?25l", "\u001b[?25h\u001b[?1049l"]);
  });
});
