// What a batched or multiplexed function is called in messages and metrics: `Model.predict`.

/**
 * @param self the object that it is called on; the function itself when there is none
 * @param fn the function that users call; a class field knows its own name only by where it stands
 * @param given name of the function that it was made of; may be empty
 */
export function nameOf(self: object, fn: object, given: string): string {
  const field = Object.keys(self).find((key) => (self as Record<string, unknown>)[key] === fn);
  const own = field ?? (given === "" ? "anonymous" : given);
  return self === fn ? own : `${self.constructor.name}.${own}`;
}
