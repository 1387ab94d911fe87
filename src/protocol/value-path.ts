// Names a place inside a value the way a user would write it: `args[1].db["odd key"]`.
// Pure. Works on the codec's stacks only when something was refused, so that the normal path costs nothing.

const MAX_KEY_CHARS = 80;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * The path below `root`.
 * @param containers the containers from the outside in
 * @param slots for each container what is being read in it: a key, an index, or for a Map twice the entry's
 *   index, plus one for its value
 */
export function formatPath(
  root: string,
  containers: readonly (object | undefined)[],
  slots: readonly (string | number)[],
  depth: number,
): string {
  let path = root;
  for (let level = 0; level < depth; level++) path += formatStep(containers[level], slots[level] as string | number);
  return path;
}

function formatStep(container: object | undefined, slot: string | number): string {
  if (typeof slot === "string") return formatKey(slot);
  if (container instanceof Map) {
    const entry = slot >> 1;
    return slot % 2 === 0 ? `.keys()[${entry}]` : formatMapValue(container, entry);
  }
  return container instanceof Set ? `.values()[${slot}]` : `[${slot}]`;
}

function formatKey(key: string): string {
  if (key.length <= MAX_KEY_CHARS && IDENTIFIER.test(key)) return `.${key}`;
  return `[${quote(key)}]`;
}

function formatMapValue(map: Map<unknown, unknown>, entry: number): string {
  const key = [...map.keys()][entry];
  if (typeof key === "string") return `.get(${quote(key)})`;
  if (typeof key === "object" || typeof key === "function" || typeof key === "symbol") return `.values()[${entry}]`;
  return `.get(${String(key)})`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_KEY_CHARS ? `${text.slice(0, MAX_KEY_CHARS)}…` : text);
}
