// What JSON.stringify would drop in silence or trip over, found before it runs. Pure.
// Follows JSON.stringify: `toJSON` is asked, keys are own and enumerable, undefined is dropped, NaN is null.

/** Where the value is not JSON, and what stands there. */
export interface JsonFault {
  /** Such as `.users[3].id`; "" for the value itself. */
  readonly path: string;
  readonly received: string;
}

/** Deeper than this the ancestors are compared, so that a cycle is told from a deep value. */
const TRUSTED_DEPTH = 100;

/** The first fault in reading order; undefined when the value is JSON. */
export function findJsonFault(value: unknown): JsonFault | undefined {
  return check(value, "", 0, []);
}

function check(value: unknown, key: string, depth: number, ancestors: object[]): JsonFault | undefined {
  switch (typeof value) {
    case "function":
      return { path: "", received: "a function" };
    case "symbol":
      return { path: "", received: "a symbol" };
    case "bigint":
      return { path: "", received: "a bigint" };
    case "object":
      return value === null ? undefined : checkObject(value, key, depth, ancestors);
    default:
      return undefined;
  }
}

function checkObject(value: object, key: string, depth: number, ancestors: object[]): JsonFault | undefined {
  if (depth >= TRUSTED_DEPTH) {
    if (ancestors.includes(value)) return { path: "", received: "a cycle" };
    ancestors.push(value);
  }
  const fault =
    "toJSON" in value && typeof value.toJSON === "function"
      ? checkReplacement(value.toJSON(key), depth, ancestors)
      : checkMembers(value, depth, ancestors);
  if (depth >= TRUSTED_DEPTH) ancestors.pop();
  return fault;
}

function checkReplacement(value: unknown, depth: number, ancestors: object[]): JsonFault | undefined {
  // JSON.stringify does not ask the replacement for its own toJSON.
  return typeof value === "object" && value !== null
    ? checkMembers(value, depth, ancestors)
    : check(value, "", depth, ancestors);
}

function checkMembers(value: object, depth: number, ancestors: object[]): JsonFault | undefined {
  if (value instanceof Map) return { path: "", received: "a Map" };
  if (value instanceof Set) return { path: "", received: "a Set" };
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = check(value[i], String(i), depth + 1, ancestors);
      if (fault !== undefined) return { path: `[${i}]${fault.path}`, received: fault.received };
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    const fault = check((value as Record<string, unknown>)[key], key, depth + 1, ancestors);
    if (fault !== undefined) return { path: `${segment(key)}${fault.path}`, received: fault.received };
  }
  return undefined;
}

function segment(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
