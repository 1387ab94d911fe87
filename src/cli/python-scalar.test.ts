import { describe, expect, it } from "vitest";
import { pythonEntry, pythonKey } from "./python-scalar.ts";

const LONG =
  "The deployment could not be placed because the machine has 2 cpus and the replicas ask for 4 of them together, which is more";

describe("pythonEntry", () => {
  // What PyYAML 6.0.3 wrote of the same; 15,000 random texts came out alike when this was made.
  it.each([
    ["", "  m: ''"],
    ["null", "  m: 'null'"],
    ["12", "  m: '12'"],
    ["1e3", "  m: 1e3"],
    ["2026-11-21", "  m: '2026-11-21'"],
    ["y", "  m: y"],
    ["yes", "  m: 'yes'"],
    ["plain words, with (signs) and [brackets]", "  m: plain words, with (signs) and [brackets]"],
    ["it's: x", "  m: 'it''s: x'"],
    ["- a", "  m: '- a'"],
    ["-a", "  m: -a"],
    ["a #b", "  m: 'a #b'"],
    ["#1", "  m: '#1'"],
    ["ends:", "  m: 'ends:'"],
    ["ends: here:", "  m: 'ends: here:'"],
    ["@x", "  m: '@x'"],
    ["\u00e9\u2026", '  m: "\\xE9\\u2026"'],
    ['"q" \\ \u00e9', '  m: "\\"q\\" \\\\ \\xE9"'],
    ["tab\there", '  m: "tab\\there"'],
    [
      LONG,
      "  m: The deployment could not be placed because the machine has 2 cpus and the replicas\n    ask for 4 of them together, which is more",
    ],
    [
      `Error: ${LONG}`,
      "  m: 'Error: The deployment could not be placed because the machine has 2 cpus and\n    the replicas ask for 4 of them together, which is more'",
    ],
    [
      `\u00e9 ${LONG}`,
      '  m: "\\xE9 The deployment could not be placed because the machine has 2 cpus and the\\\n    \\ replicas ask for 4 of them together, which is more"',
    ],
    ["a\nb", "  m: |-\n    a\n    b"],
    ["a\nb\n\nc\n", "  m: |\n    a\n    b\n\n    c"],
    ["  a\nb", "  m: |2-\n      a\n    b"],
    ["a \nb", '  m: "a \\nb"'],
    ["\u00e9\nb", '  m: "\\xE9\\nb"'],
  ])("writes %j as PyYAML does (R1, R2, R3)", (text, expected) => {
    expect(pythonEntry("m", text, 2).join("\n")).toBe(expected);
  });
});

describe("pythonKey", () => {
  it.each([
    ["Model", "Model"],
    ["no: 1", "'no: 1'"],
    ["on", "'on'"],
    ["12", "'12'"],
    ["\u00e9", '"\\xE9"'],
  ])("writes the key %j as %s", (key, expected) => {
    expect(pythonKey(key)).toBe(expected);
  });
});
