import { expect, it } from "vitest";
import { readResponseHeaders } from "./response-headers.ts";

it("passes end-to-end headers, set-cookie apart, and sets the length aside (RT7)", () => {
  const given = ["content-type", "text/plain", "set-cookie", "a=1", "set-cookie", "b=2", "content-length", "5"];
  expect(readResponseHeaders(given)).toEqual({ headers: given.slice(0, 6), contentLength: 5 });
});

it("drops hop-by-hop headers, those that Connection names, and the application's request id (RT6, RT7)", () => {
  const given = [
    ["Connection", "close, X-Hop"], ["Keep-Alive", "timeout=1"], ["Transfer-Encoding", "chunked"], ["Trailer", "x"],
    ["TE", "x"], ["Upgrade", "x"], ["Proxy-Connection", "x"], ["X-Request-Id", "mine"], ["x-hop", "1"], ["x-kept", "2"],
  ].flat(); // prettier-ignore
  expect(readResponseHeaders(given)).toEqual({ headers: ["x-kept", "2"], contentLength: undefined });
});

it.each(["-1", "1.5", "five", ""])("takes content-length %j for none", (value) => {
  expect(readResponseHeaders(["content-length", value])).toEqual({ headers: [], contentLength: undefined });
});
