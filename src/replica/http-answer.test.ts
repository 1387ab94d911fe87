import { describe, expect, it } from "vitest";
import { toHttpAnswer } from "./http-answer.ts";

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
