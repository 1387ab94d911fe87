import { describe, expect, it } from "vitest";
import { headerValue } from "../protocol/flat-headers.ts";
import { readRequestHeaders } from "./request-headers.ts";

describe("what the application sees (RT7)", () => {
  it("keeps order, spelling and duplicates", () => {
    const raw = ["Host", "h", "X-A", "1", "x-a", "2", "Cookie", "a=1", "Cookie", "b=2", "Content-Length", "3"];
    expect(readRequestHeaders(raw).headers).toEqual(raw);
  });

  it("drops hop-by-hop headers and those that Connection names", () => {
    const raw = [
      ["Host", "h"], ["Connection", "close, X-Secret"], ["Keep-Alive", "timeout=5"], ["TE", "trailers"],
      ["Trailer", "x"], ["Transfer-Encoding", "chunked"], ["Upgrade", "h2c"], ["Proxy-Connection", "close"],
      ["Expect", "100-continue"], ["x-secret", "1"], ["x-kept", "2"],
    ].flat(); // prettier-ignore
    expect(readRequestHeaders(raw).headers).toEqual(["Host", "h", "x-kept", "2"]);
  });
});

describe("what the proxy reads", () => {
  it("takes lengths, hosts and the envelope's headers, in any case and spelling (M2)", () => {
    const facts = readRequestHeaders([
      ["HOST", "h:1"], ["Content-Length", "12"], ["X-Session-ID", "s"], ["SERVE-Multiplexed-Model-Id", "m"],
      ["X-Request-Disconnect-Disabled", "?1"], ["X-Request-Timeout-Seconds", "1.5"],
    ].flat()); // prettier-ignore
    expect(facts).toMatchObject({
      host: "h:1", hosts: 1, contentLength: 12, chunked: false, coding: "", sessionId: "s", multiplexedModelId: "m",
      keepRunning: true, timeoutS: 1.5,
    }); // prettier-ignore
    expect(readRequestHeaders(["serve_multiplexed_model_id", "n"]).multiplexedModelId).toBe("n");
  });

  it.each([
    ["2", 2],
    ["0", null],
    ["-1", null],
    ["Infinity", null],
    ["soon", undefined],
    ["", undefined],
  ])("x-request-timeout-seconds %j means %s (Q4)", (value, timeoutS) => {
    expect(readRequestHeaders(["x-request-timeout-seconds", value]).timeoutS).toBe(timeoutS);
  });

  it.each([
    ["abc-1", "abc-1"],
    ["x".repeat(256), "x".repeat(256)],
    ["x".repeat(257), undefined],
    ["", undefined],
    ["caf\u00e9", undefined],
    ["a\tb", undefined],
  ])("x-request-id %j is kept as %s, and never passed twice (RT6)", (value, requestId) => {
    const facts = readRequestHeaders(["X-Request-Id", value, "x-request-id", "second"]);
    expect(facts.requestId).toBe(requestId ?? "second");
    expect(facts.headers).toEqual([]);
  });
});

it("joins the values of a repeated header", () => {
  expect(headerValue(["Accept", "text/html", "x", "y", "accept", "application/json"], "accept")).toBe(
    "text/html, application/json",
  );
  expect(headerValue([], "accept")).toBe("");
});
