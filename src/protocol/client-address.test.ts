import { expect, it } from "vitest";
import { formatClient, parseClient } from "./client-address.ts";

it.each([
  ["10.0.0.1", 4711, "10.0.0.1:4711"],
  ["::1", 80, "[::1]:80"],
  ["::ffff:10.0.0.1", 1, "[::ffff:10.0.0.1]:1"],
])("%s and %i are %s, and back", (host, port, text) => {
  expect(formatClient(host, port)).toBe(text);
  expect(parseClient(text)).toEqual({ host, port });
});

it("a client that is gone has no address", () => {
  expect([formatClient(undefined, undefined), parseClient("")]).toEqual(["", undefined]);
});
