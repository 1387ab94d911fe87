import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RequestTargets } from "./request-target.ts";

const resolve = (target: string, verb = "GET", host = "h:1") => new RequestTargets().resolve(verb, target, host);

describe("the path is the one that request.url shows (RT7)", () => {
  it.each([
    ["/", "/", "http://h:1/"],
    ["/a/b?x=1&y=%20", "/a/b", "http://h:1/a/b?x=1&y=%20"],
    ["/a/../b", "/b", "http://h:1/a/../b"],
    ["/a/%2e%2E/b?q=/../", "/b", "http://h:1/a/%2e%2E/b?q=/../"],
    ["/a/.%2e", "/", "http://h:1/a/.%2e"],
    ["/../../x", "/x", "http://h:1/../../x"],
    ["/a\\..\\b", "/b", "http://h:1/a\\..\\b"],
    ["/.well-known/x", "/.well-known/x", "http://h:1/.well-known/x"],
    ["/a%2Fb", "/a%2Fb", "http://h:1/a%2Fb"],
    ["//other/x", "//other/x", "http://h:1//other/x"],
    ["/caf\u00c3\u00a9", "/caf%C3%A9", "http://h:1/caf%C3%A9"],
    ["/a?{raw}|'\"", "/a", "http://h:1/a?{raw}|'\""],
  ])("%s", (target, path, url) => {
    expect(resolve(target)).toEqual({ kind: "path", path, url });
  });

  it.each([
    ["http://Other.example:80/p?q", "/p", "http://other.example/p?q", "Other.example:80"],
    ["HTTP://other", "/", "http://other/", "other"],
    ["https://other?q", "/", "https://other/?q", "other"],
  ])("%s, with the host that it names", (target, path, url, host) => {
    expect(resolve(target)).toEqual({ kind: "path", path, url, host });
  });

  it("agrees with the URL parser for any path", () => {
    const piece = fc.constantFrom(
      ".",
      "..",
      "%2e",
      "%2E.",
      "a",
      "",
      "\\",
      " ",
      "{",
      "%",
      "b.c",
      "^",
      "|",
      "`",
      '"',
      "~",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const target = `/${pieces.join("/")}`;
        const resolved = resolve(target);
        expect(resolved).toEqual({
          kind: "path",
          path: new URL(`http://h:1${target}`).pathname,
          url: `http://h:1${target}`,
        });
      }),
    );
  });
});

describe("what is ambiguous is refused with 400 (RT7)", () => {
  it.each([
    ["http://user:pw@h/x", /user information/],
    ["http://@h/x", /user information/],
    ["ftp://h/x", /neither/],
    ["a/b", /neither/],
    ["/a#b", /fragment/],
    ["*", /OPTIONS/],
    ["http:///x", /host/],
  ])("%s", (target, reason) => {
    expect(resolve(target)).toEqual({ kind: "refused", reason: expect.stringMatching(reason) });
  });

  it.each(["", "a b", "a/b", "u@h", "h:x", "h:99999", "[::1", "1.2.3.4.5", "h#", "h?", "\u00e9"])("Host %j", (host) => {
    expect(resolve("/", "GET", host).kind).toBe("refused");
  });

  it.each([
    ["[::1]:8000", "http://[::1]:8000/"],
    ["EXAMPLE.com:80", "http://example.com/"],
    ["under_score", "http://under_score/"],
  ])("Host %s is fine", (host, url) => {
    expect(resolve("/", "GET", host)).toMatchObject({ url });
  });
});

it("knows OPTIONS * (RT7)", () => {
  expect(resolve("*", "OPTIONS")).toEqual({ kind: "server" });
});

it("forgets hosts before made-up ones fill the memory", () => {
  const targets = new RequestTargets();
  for (let i = 0; i < 1000; i++) expect(targets.resolve("GET", "/", `h${i}`)).toMatchObject({ url: `http://h${i}/` });
});
