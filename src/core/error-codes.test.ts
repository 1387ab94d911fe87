import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES, isErrorCode } from "./error-codes.ts";

const page = readFileSync(new URL("../../docs/reference/errors.md", import.meta.url), "utf8");

/** The headings that are codes, each with the first line under it. */
function codeSections(text: string): Map<string, string> {
  const found = text.matchAll(/^## ([A-Z]+(?:_[A-Z]+)*)\n\n(.*)$/gm);
  return new Map(Array.from(found, ([, code = "", facts = ""]) => [code, facts]));
}

/** The codes that a page lists as retired: `- NAME (0.2)`. */
function retiredCodes(text: string): string[] {
  const list = text.split("\n## Retired codes\n")[1] ?? "";
  return Array.from(list.matchAll(/^- ([A-Z_]+) /gm), ([, code = ""]) => code);
}

describe("docs/reference/errors.md", () => {
  const sections = codeSections(page);

  it("has a section for each code, and each section a code", () => {
    expect([...sections.keys()]).toEqual(Object.keys(ERROR_CODES));
  });

  it.each(Object.entries(ERROR_CODES))("says what the table says about %s", (code, { http, grpc, retryable }) => {
    expect(sections.get(code)).toBe(`HTTP ${http} · gRPC ${grpc} · retryable: ${retryable ? "yes" : "no"}`);
  });

  it("names the codes whose status a client sees", () => {
    const kept = Object.entries(ERROR_CODES).flatMap(([code, { passesThrough }]) => (passesThrough ? [code] : []));
    const sentence = `keeps its status only for ${kept.slice(0, -1).join(", ")} and ${kept.at(-1)};`;
    expect(page).toContain(sentence);
  });

  it("lists no living code as retired", () => {
    expect(page).toContain("\n## Retired codes\n");
    expect(retiredCodes(page).filter(isErrorCode)).toEqual([]);
  });
});

describe("a page with a mistake", () => {
  it("is seen: a section without a code, a fact that moved on, a living code called retired", () => {
    const planted = "## NO_SUCH_CODE\n\nHTTP 200\n\n## Retired codes\n\n- INTERNAL (0.1)\n";
    expect(codeSections(planted)).toEqual(new Map([["NO_SUCH_CODE", "HTTP 200"]]));
    expect(retiredCodes(planted).filter(isErrorCode)).toEqual(["INTERNAL"]);
  });
});
