// Headers as calls carry them: one list of name, value, name, value; in order, duplicates kept.

/** All values of a header, joined as RFC 9110 5.3 says; "" when it is missing. @param name in lower case */
export function headerValue(headers: readonly string[], name: string): string {
  const values: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === name) values.push(headers[i + 1] as string);
  }
  return values.join(", ");
}
