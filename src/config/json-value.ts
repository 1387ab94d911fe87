// JSON data, checked without being written out: what a user config may hold, because it is stored, compared, sent to
// replicas and shown over REST.

/** A place inside a value that is no JSON data: `path` is "" or begins with `.` or `[`. */
export interface NonJson {
  readonly path: string;
  readonly value: unknown;
  /** What is wrong with it, where that is not to be seen from the value. */
  readonly words?: string;
}

/** Deepest nesting. Chosen: deeper than what anybody writes, and far from the ends of stacks and of the wire format. */
const MAX_DEPTH = 100;

/** The first place where `value` is not JSON data (null, booleans, finite numbers, strings, arrays, plain objects, at most 100 levels). */
export function findNonJson(value: unknown): NonJson | undefined {
  return find(value, "", []);
}

function find(value: unknown, path: string, parents: readonly object[]): NonJson | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return undefined;
  if (typeof value !== "object") return { path, value };
  if (parents.includes(value)) return { path, value, words: "a value that contains itself" };
  if (!Array.isArray(value) && !isPlainObject(value)) return { path, value };
  if (parents.length === MAX_DEPTH) return { path: "", value, words: `data nested deeper than ${MAX_DEPTH} levels` };
  const inside = [...parents, value];
  const entries = Array.isArray(value)
    ? Array.from(value, (item: unknown, index) => [`${path}[${index}]`, item] as const)
    : Object.entries(value).map(([key, item]) => [joinPath(path, key), item] as const);
  for (const [at, item] of entries) {
    const found = find(item, at, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** True for an object of any kind, lists included: what can hold fields. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** True for `{...}` and for objects without prototype; those of another realm (a test runner's sandbox) count too. */
export function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf"));
}

/** `a.b`, or `a["x-y"]` where the key is no identifier. */
export function joinPath(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
