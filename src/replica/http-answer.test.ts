import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { sse } from "../api/sse.ts";
import { type PieceSource, toHttpAnswer } from "./http-answer.ts";

function piecesOf(response: Response): PieceSource {
  const answer = toHttpAnswer(response);
  if (answer.kind !== "stream") throw new Error("not a stream");
  return answer.pieces;
}

/** As `fetch` makes it: with a url, the body decoded, the headers of the encoded one. */
function fetched(encoding: string, body: string | null = "plain"): Response {
  const headers = { "content-encoding": encoding, "content-length": "21", etag: '"1"' };
  return Object.defineProperty(new Response(body, { headers }), "url", { value: "http://upstream/" });
}

function headerNames(response: Response): readonly string[] {
  return (toHttpAnswer(response).head?.headers ?? []).filter((_, index) => index % 2 === 0);
}

describe("a Response that an ingress passes on from fetch", () => {
  it.each(["gzip", "x-gzip", "deflate", "br"])("loses the headers of %s, which fetch has decoded (R3)", (encoding) => {
    expect(headerNames(fetched(encoding))).toEqual(["content-type", "etag"]);
  });

  it("keeps them where fetch decodes nothing: another encoding, no body", () => {
    expect(headerNames(fetched("compress"))).toContain("content-encoding");
    expect(headerNames(fetched("gzip", null))).toContain("content-length");
  });

  it("keeps them where the ingress itself has encoded", () => {
    expect(headerNames(new Response("zipped", { headers: { "content-encoding": "gzip" } }))).toContain(
      "content-encoding",
    );
  });
});

describe("a Response that is not of Node's own class, as libraries bring them", () => {
  const other = (body: unknown): object => ({
    [Symbol.toStringTag]: "Response",
    status: 201,
    statusText: "Made",
    headers: new Headers([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]),
    type: "default",
    url: "",
    bodyUsed: false,
    body,
  });

  it.each([
    ["a web stream", () => new Blob(["abc"]).stream()],
    ["a stream of Node, as node-fetch has", () => Readable.from([Buffer.from("abc")])],
  ])("is answered as one, its body %s (R1)", async (_what, body) => {
    const answer = toHttpAnswer(other(body()));
    if (answer.kind !== "stream") return expect(answer).toMatchObject({ kind: "stream" });
    expect(answer.head).toEqual({ status: 201, statusText: "Made", headers: expect.any(Array) });
    expect(answer.head?.headers).toEqual(["set-cookie", "a=1", "set-cookie", "b=2"]);
    expect(Buffer.from((await answer.pieces.next()).value as Uint8Array).toString()).toBe("abc");
  });

  it("may have no body", () => {
    expect(toHttpAnswer(other(null))).toMatchObject({ kind: "whole", head: { status: 201 } });
  });

  it("is not what only calls itself so", () => {
    const named = { [Symbol.toStringTag]: "Response", value: 1 };
    expect(toHttpAnswer(named)).toMatchObject({ kind: "whole", body: '{"value":1}' });
  });
});

describe("the events of a Response that sse made", () => {
  it("come without its stream, which counts as taken", async () => {
    const response = sse(["one"]);
    const pieces = piecesOf(response);
    expect(response.body?.locked).toBe(true);
    expect(Buffer.from((await pieces.next()).value as Uint8Array).toString()).toBe("data: one\n\n");
    expect(response.bodyUsed).toBe(false); // the stream was not read from
    expect((await pieces.next()).done).toBe(true);
  });

  it("come from the stream when somebody has read from it: what it holds is not lost", async () => {
    const { body, headers } = sse(["one", "two"]);
    const reader = body?.getReader();
    await reader?.read();
    reader?.releaseLock();
    const [kept] = body?.tee() ?? [];
    const pieces = piecesOf(new Response(kept ?? null, { headers }));
    expect(Buffer.from((await pieces.next()).value as Uint8Array).toString()).toBe("data: two\n\n");
  });
});
