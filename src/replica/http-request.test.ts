import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { IncomingBody } from "../transport/incoming-body.ts";
import { abortIncoming, createRequest, signalWithin } from "./http-request.ts";

function post(text: string, controller = new AbortController()): Request {
  const whole = new TextEncoder().encode(text);
  const body = new IncomingBody(undefined, whole);
  body.end();
  const headers = ["content-type", "application/json", "x-a", "1", "x-a", "2"];
  return createRequest({ verb: "POST", url: "http://h/p?q=1", headers, scope: controller, body, whole });
}

describe("the request of an ingress", () => {
  it("is a real Request with its url, headers and method", () => {
    const request = post("{}");
    expect(request).toBeInstanceOf(Request);
    expect(request.constructor.name).toBe("Request");
    expect([request.url, request.method, request.headers.get("x-a")]).toEqual(["http://h/p?q=1", "POST", "1, 2"]);
    expect(inspect(request)).toContain("Request");
  });

  it("reads its body once, in every form (R3)", async () => {
    expect(await post('{"a":1}').json()).toEqual({ a: 1 });
    expect(await post("\u{FEFF}text").text()).toBe("text");
    expect([...(await post("ab").bytes())]).toEqual([97, 98]);
    expect((await post("abc").arrayBuffer()).byteLength).toBe(3);
    expect(await (await post("blob").blob()).text()).toBe("blob");
    await expect(post("{").json()).rejects.toBeInstanceOf(SyntaxError);
    const request = post("once");
    expect([request.bodyUsed, await request.text(), request.bodyUsed]).toEqual([false, "once", true]);
    await expect(request.text()).rejects.toBeInstanceOf(TypeError);
    expect(() => request.clone()).toThrow(TypeError);
    expect(() => new Request(request)).toThrow(TypeError);
  });

  it("gives the body to what is made of it", async () => {
    const original = post("shared");
    const copy = original.clone();
    expect([await original.text(), await copy.text()]).toEqual(["shared", "shared"]);
    expect(await new Request(post("moved")).text()).toBe("moved");
    const request = post("streamed");
    const pieces: string[] = [];
    for await (const piece of request.body as ReadableStream<Uint8Array>) pieces.push(new TextDecoder().decode(piece));
    expect(pieces.join("")).toBe("streamed");
    expect(request.bodyUsed).toBe(true);
    await expect(request.json()).rejects.toBeInstanceOf(TypeError);
  });

  it("shares no memory with its clone", async () => {
    const original = post("shared");
    const copy = original.clone();
    const bytes = await original.arrayBuffer();
    structuredClone(bytes, { transfer: [bytes] });
    expect(await copy.text()).toBe("shared");
  });

  it("aborts with its scope, and what is made of it as well, before and after (R1)", () => {
    const controller = new AbortController();
    const request = post("x", controller);
    const copy = request.clone();
    const derived = new Request(request);
    const reason = new Error("left");
    controller.abort(reason);
    abortIncoming(signalWithin(request), reason);
    expect([request.signal.aborted, copy.signal.aborted, derived.signal.aborted]).toEqual([true, true, true]);
    expect(request.signal.reason).toBe(reason);
    expect(derived.signal.reason).toBe(reason);
    expect(new Request("http://x/", { signal: request.signal }).signal.aborted).toBe(true);
  });

  it("ends a fetch that forwards it, with the reason (R1)", async () => {
    const controller = new AbortController();
    const request = post("x", controller);
    const reason = new Error("left");
    const forwarded = fetch(new Request("http://127.0.0.1:9/", request)).catch((error: unknown) => error);
    controller.abort(reason);
    abortIncoming(signalWithin(request), reason);
    expect(await forwarded).toBe(reason);
  });
});
