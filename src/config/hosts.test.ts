import { expect, it } from "vitest";
import { isLoopback, urlOf } from "./hosts.ts";

it.each([
  ["127.0.0.1", true, "http://127.0.0.1:80"],
  ["localhost", true, "http://localhost:80"],
  ["::1", true, "http://[::1]:80"],
  ["[::1]", true, "http://[::1]:80"],
  ["0.0.0.0", false, "http://127.0.0.1:80"],
  ["::", false, "http://127.0.0.1:80"],
  ["192.168.1.2", false, "http://192.168.1.2:80"],
  ["127.evil.example", false, "http://127.evil.example:80"],
])("knows of %s whether it is loopback (%s) and where it answers", (host, loopback, url) => {
  expect([isLoopback(host), urlOf(host, 80)]).toEqual([loopback, url]);
});
