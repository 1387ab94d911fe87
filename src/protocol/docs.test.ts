import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CALL_KIND, CANCEL_REASON, CHUNK_FLAG, PROTOCOL_VERSION, REJECT_REASON } from "./messages.ts";
import { ARRAY_KIND, EXT } from "./ext.ts";
import { FRAME } from "./frame.ts";

const page = readFileSync(new URL("../../docs/reference/protocol.md", import.meta.url), "utf8");

/** First two columns of the table whose header begins with `header`: name -> number. */
function table(header: string): Record<string, number> {
  const lines = page.replaceAll(/ +/g, " ").split("\n");
  const rows = lines.slice(lines.findIndex((line) => line.startsWith(`| ${header} |`)) + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  const cells = rows.slice(0, end).map((row) => row.split("|").map((cell) => cell.trim()));
  return Object.fromEntries(cells.map(([, number, name]) => [name ?? "", Number(number)]));
}

describe("docs/reference/protocol.md", () => {
  it("lists every frame type with its number", () => expect(table("type | name")).toEqual(FRAME));

  it("lists every extension with its number", () => expect(table("ext | name")).toEqual(EXT));

  it("lists every kind of typed array with its number", () => expect(table("kind | typed array")).toEqual(ARRAY_KIND));

  it("gives each reason and flag the number it has", () => {
    expect(Object.values(table("reason | meaning"))).toEqual(Object.values(REJECT_REASON));
    expect(Object.values(table("reason of CANCEL | meaning"))).toEqual(Object.values(CANCEL_REASON));
    expect(Object.values(table("bit of flags | meaning")).map((bit) => 1 << bit)).toEqual(Object.values(CHUNK_FLAG));
    expect(page).toContain(`kind: ${CALL_KIND.values} values, ${CALL_KIND.http} HTTP`);
    expect(page).toContain(`This is version ${PROTOCOL_VERSION}.`);
  });
});
