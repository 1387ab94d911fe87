// Requests that are nearly HTTP, or not at all, from a random generator: the same seed makes the same ones.
import { randomInt, type Random } from "../../src/core/random.ts";

const VERBS = [
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "OPTIONS",
  "DELETE",
  "CONNECT",
  "TRACE",
  "PRI",
  "get",
  "",
  "G\0T",
  "PATCH",
];
const TARGETS = [
  "/",
  "/a?b=c",
  "*",
  "//",
  "/%2e%2e/x",
  "/\0",
  "/é",
  "http://h/x",
  "http://u@h/",
  "/a#b",
  "?",
  "/-/healthz",
];
const VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTP/1.1", "", "HTTP/1.1 ", "HTTP/11"];
const ENDS = ["\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n ", "\n\n", "\0"];
const LINES = [
  "host: h",
  "host: h",
  "Host: a b",
  "host:",
  "connection: close",
  "connection: keep-alive, host",
  "content-length: 5",
  "content-length: 5, 5",
  "content-length: -1",
  "content-length: 18446744073709551616",
  "transfer-encoding: chunked",
  "transfer-encoding: gzip, chunked",
  "transfer-encoding:\tchunked",
  "transfer-encoding: identity",
  "expect: 100-continue",
  "expect: tea",
  "upgrade: h2c",
  "upgrade: websocket",
  "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
  "sec-websocket-version: 13",
  "x-request-timeout-seconds: 1e306",
  "x-request-timeout-seconds: NaN",
  "x-request-id: \u00e9\u00e8",
  "x-priority: highest",
  "x-session-id: \u00ff",
  "serve_multiplexed_model_id: ..",
  "x-request-disconnect-disabled: ?1",
  "accept: application/json",
  "trailer: x",
  "a : b",
  ": b",
  "novalue",
  " folded",
  "x: a\0b",
  "te: trailers, gzip;q=1e9",
];
const BODIES = [
  "",
  "",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  "5;ext=1\r\nhello\r\n0\r\nx: y\r\n\r\n",
  "zz\r\nhello\r\n",
  "5\r\nhello0\r\n\r\n",
  "ffffffffffffffff\r\nx",
  "0\r\nhost: x\r\n\r\n",
  "-1\r\n\r\n",
  "GET /next HTTP/1.1\r\nhost: h\r\n\r\n",
  "\x81\x85\0\0\0\0hello",
];

const pick = <T>(random: Random, items: readonly T[]): T => items[randomInt(random, items.length)] as T;
const often = (random: Random, share: number): boolean => random.next() < share;

function bytes(random: Random, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(randomInt(random, 256))).join("");
}

/** Turns a few bytes of a text into others, takes some out, doubles some. */
function damage(random: Random, text: string): string {
  let damaged = text;
  for (let n = 1 + randomInt(random, 4); n > 0; n--) {
    const at = randomInt(random, damaged.length + 1);
    const put = pick(random, ["", "\0", "\r", "\n", " ", ":", bytes(random, 1), damaged.slice(at, at + 9)]);
    damaged = damaged.slice(0, at) + put + damaged.slice(at + randomInt(random, 3));
  }
  return damaged;
}

function nearly(random: Random): string {
  const right = often(random, 0.5);
  const first = right ? "POST / HTTP/1.1" : `${pick(random, VERBS)} ${pick(random, TARGETS)} ${pick(random, VERSIONS)}`;
  const lines = Array.from({ length: randomInt(random, 7) }, () => pick(random, LINES));
  if (often(random, 0.7)) lines.unshift("host: h");
  if (often(random, 0.02)) lines.push(`x: ${"y".repeat(randomInt(random, 40_000))}`);
  const end = often(random, 0.8) ? "\r\n" : pick(random, ENDS);
  return `${[first, ...lines].join(end)}${end}${end}${pick(random, BODIES)}`;
}

/** One request, as Latin-1 text: one to three that are nearly HTTP in a row, or plain garbage. */
export function makeRequest(random: Random): string {
  if (often(random, 0.1)) return bytes(random, randomInt(random, 300));
  const made = Array.from({ length: 1 + randomInt(random, 3) }, () => nearly(random)).join("");
  return often(random, 0.4) ? damage(random, made) : made;
}
