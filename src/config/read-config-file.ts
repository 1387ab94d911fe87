// Reads a config file, YAML or JSON, into a document. What it means is the business of serve-config.ts.
//   R1  YAML is read as Python's reader takes it (1.1: `yes` is true, `010` is 8, `<<` merges), because Ray's files are
//       written for it; a date stays the text that it is, because a config is JSON data.
//   R2  A key that stands twice is an error: Python's reader drops the first in silence.
import { readFileSync } from "node:fs";
import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
  type ScalarTag,
  type Tags,
} from "yaml";
import { ConfigError } from "../core/errors.ts";

/**
 * The document of a file.
 * @param file path, as messages show it
 * @throws {ConfigError} it cannot be read, or it is no YAML; with `file:line:column`
 */
export function readConfigFile(file: string): unknown {
  return readConfigText(readText(file), file);
}

/**
 * The document of a text.
 * @param file what messages call it; JSON when it ends in `.json`
 * @throws {ConfigError} it is no YAML
 */
export function readConfigText(text: string, file: string): unknown {
  if (file.endsWith(".json")) return readJson(text, file);
  const { document, lines } = parse(text);
  const fault = [...document.errors, ...document.warnings][0] ?? missingAnchor(document);
  if (fault === undefined) return toData(document, file);
  const at = lines.linePos(fault.pos[0]);
  if ("code" in fault && fault.code === "MULTIPLE_DOCS") {
    throw fileError(file, at, "a second document", "one document with a list of `applications`");
  }
  throw fileError(file, at, fault.message, "YAML");
}

function fileError(file: string, at: { line: number; col: number }, message: string, expected: string): ConfigError {
  return new ConfigError({ path: `${file}:${at.line}:${at.col}`, received: message, expected });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const received = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "a folder" : String(code);
    throw new ConfigError({ path: file, received, expected: "a config file that can be read" });
  }
}

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [message = "", position] = (error as Error).message.split(/(?: in JSON)? at position (\d+)/);
    const before = text.slice(0, Number(position ?? text.length)).split("\n");
    throw fileError(file, { line: before.length, col: (before.at(-1) ?? "").length + 1 }, message, "JSON");
  }
}

const BOOLEAN = "tag:yaml.org,2002:bool";
const TIMESTAMP = "tag:yaml.org,2002:timestamp";

/** Where the `yaml` package's 1.1 and Python's reader part: `y` and `n` are names of keys there, `1e3` is a text. */
const PYTHON_TAGS: readonly ScalarTag[] = [
  { tag: BOOLEAN, default: true, test: /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, resolve: () => true },
  { tag: BOOLEAN, default: true, test: /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, resolve: () => false },
];
const PYTHON_EXPONENT = /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)[eE][-+][0-9]+$/;

function pythonTags(tags: Tags): Tags {
  const kept = tags.filter((tag) => typeof tag === "string" || (tag.tag !== BOOLEAN && tag.tag !== TIMESTAMP));
  return [...kept.map((tag) => (isExponent(tag) ? { ...tag, test: PYTHON_EXPONENT } : tag)), ...PYTHON_TAGS];
}

function isExponent(tag: Tags[number]): tag is ScalarTag {
  return typeof tag !== "string" && "format" in tag && tag.format === "EXP";
}

function parse(text: string): { document: Document; lines: LineCounter } {
  const lineCounter = new LineCounter();
  const options = {
    version: "1.1",
    lineCounter,
    prettyErrors: false,
    logLevel: "error",
    customTags: pythonTags,
  } as const;
  return { document: parseDocument(text, options), lines: lineCounter };
}

function missingAnchor(document: Document): { pos: [number]; message: string } | undefined {
  let found: { pos: [number]; message: string } | undefined;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      found = { pos: [startOf(alias)], message: `*${alias.source}, to which no & belongs` };
      return visit.BREAK;
    },
  });
  return found;
}

/** @throws {ConfigError} aliases that grow beyond measure */
function toData(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ConfigError({ path: file, received: (error as Error).message, expected: "fewer aliases" });
  }
}

/**
 * A fault of `parseServeConfig` with its place in the file it was read from: `config.yaml:12:7 applications[0].name`.
 * What is missing is found where its object begins.
 */
export function placeInFile(error: ConfigError, file: string): ConfigError {
  const { document, lines } = parse(readText(file));
  const { details } = error;
  const { line, col } = lines.linePos(offsetOf(document, keysOf(details.path)));
  return new ConfigError({ ...details, path: `${file}:${line}:${col} ${details.path}` });
}

/** `a[0]["b c"].d` as keys. */
function keysOf(path: string): (string | number)[] {
  const parts = path.matchAll(/([A-Za-z_$][\w$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g);
  return Array.from(parts, ([, name, index, quoted]) => {
    if (name !== undefined) return name;
    return index === undefined ? (JSON.parse(quoted ?? '""') as string) : Number(index);
  });
}

function offsetOf(document: Document, keys: readonly (string | number)[]): number {
  let at = document.contents as Node | null;
  let offset = startOf(at);
  for (const key of keys) {
    if (isAlias(at)) at = at.resolve(document) ?? null;
    const step = isSeq(at)
      ? at.items[key as number]
      : isMap(at)
        ? at.items.find((pair) => isKey(pair, key))
        : undefined;
    if (step === undefined || step === null) break;
    offset = startOf(isPair(step) ? step.key : step);
    at = (isPair(step) ? step.value : step) as Node | null;
  }
  return offset;
}

function isKey({ key }: Pair, wanted: string | number): boolean {
  return isNode(key) && "value" in key && String(key.value) === wanted;
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
