// Each framework's example, served by `manta run` and used by clients: routing, validation, errors, streams, uploads,
// WebSockets, and what a client that leaves does to the model behind it.
import { once } from "node:events";
import { join } from "node:path";
import { createTRPCClient, httpBatchStreamLink, isNonJsonSerializable, httpLink, splitLink } from "@trpc/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket as Client } from "ws";
import type { AppRouter } from "../../examples/09-trpc/app.ts";
import { Harness } from "./harness.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");

let harness: Harness;
let base: string;
beforeEach(() => {
  harness = new Harness();
  harness.showOnFailure();
});
afterEach(() => harness.close());

async function start(example: string): Promise<void> {
  base = (await harness.startByCommand(join(EXAMPLES, example, "app.ts"))).url;
}
const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, base), init);
const json = async (path: string, init?: RequestInit): Promise<[number, unknown]> => {
  const response = await ask(path, init);
  return [response.status, await response.json()];
};
const text = async (path: string, init?: RequestInit): Promise<[number, string]> => {
  const response = await ask(path, init);
  return [response.status, await response.text()];
};
const post = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: typeof body === "string" ? body : JSON.stringify(body),
});
const file = (content: string, name = "file"): RequestInit => {
  const body = new FormData();
  body.set(name, new Blob([content]), "notes.txt");
  return { method: "POST", body };
};
const socket = async (path: string): Promise<Client> => {
  const client = new Client(new URL(path, base.replace("http", "ws")));
  await once(client, "open");
  return client;
};
const answer = async (client: Client, message: string): Promise<string> => {
  client.send(message);
  return String((await once(client, "message"))[0]);
};

describe("04-hono", () => {
  it("streams, uploads, and routes WebSockets; its other routes are tested with the examples", async () => {
    await start("04-hono");
    expect(await json("deliveries", file("lamp,5\nsofa,1\n"))).toEqual([201, { items: 2 }]);
    expect(await json("deliveries", { method: "POST" })).toEqual([400, { error: "file: missing" }]);
    expect(await text("stock")).toEqual([200, "lamp: 8\nchair: 12\nsofa: 1\n"]);
    expect((await text("stock/live"))[0]).toBe(426);
    const client = await socket("stock/live");
    expect(await answer(client, "lamp")).toBe("lamp: 8");
    client.close();
    const refused = await socket("nowhere");
    expect((await once(refused, "close"))[0]).toBe(4404);
  });
});

describe("06-fastify", () => {
  it("routes, validates, answers errors, streams, uploads, chats, and tells where its OpenAPI document is", async () => {
    await start("06-fastify");
    expect(await json("translations", post({ text: "good day", to: "de" }))).toEqual([200, { text: "guten tag" }]);
    expect(await json("translations", post({ text: "good", to: "x" }))).toEqual([
      422,
      { error: "x: known are de, fr" },
    ]);
    expect(await json("translations", post({ text: "good" }))).toMatchObject([
      400,
      { message: "body must have required property 'to'" },
    ]);
    expect((await text("nowhere"))[0]).toBe(404);
    expect(await text("words?text=good+night&to=fr")).toEqual([200, "bon soir "]);
    expect(await json("files?to=de", file("good night"))).toEqual([200, { file: "notes.txt", text: "guten nacht" }]);
    expect((await json("files?to=de", file("x".repeat(2_000_000))))[0]).toBe(413);
    expect(await json("openapi.json")).toMatchObject([200, { paths: { "/translations": {} } }]);
    expect((await harness.status()).applications["default"]?.docsPath).toBe("/openapi.json");

    const client = await socket("chat?to=de");
    expect(await answer(client, "good day")).toBe("guten tag");
    client.close(4000, "bye");
    await once(client, "close");
    const refused = await socket("nowhere");
    expect((await once(refused, "close"))[0]).toBe(4404);
  });
});

describe("07-express", () => {
  it("routes, validates, answers errors, uploads, streams and talks", async () => {
    await start("07-express");
    expect(await json("scores", post({ text: "a good lamp" }))).toEqual([200, { score: 1 }]);
    expect(await json("scores", post({ text: 1 }))).toEqual([400, { error: "text: expected a string" }]);
    expect((await json("scores", post('{"text'))).at(0)).toBe(400);
    expect((await json("scores", post({ text: "x".repeat(200_000) }))).at(0)).toBe(413);
    expect(await json("nowhere")).toEqual([404, { error: "no route GET /nowhere" }]);
    expect(await text("reviews", file("good\nbad day\n"))).toEqual([
      200,
      '{"text":"good","score":1}\n{"text":"bad day","score":-1}\n',
    ]);
    expect(await json("reviews", { method: "POST" })).toEqual([400, { error: "file: missing" }]);

    const client = await socket("live");
    expect(await answer(client, "a great, fine lamp")).toBe("2");
    client.terminate();
    const refused = await socket("nowhere");
    expect((await once(refused, "close"))[0]).toBe(4400);
  });

  it("keeps many clients apart", async () => {
    await start("07-express");
    const scores = Array.from({ length: 100 }, (_, i) => json("scores", post({ text: "good ".repeat(i % 7) })));
    expect(await Promise.all(scores)).toEqual(scores.map((_, i) => [200, { score: i % 7 }]));
  });
});

describe("08-koa", () => {
  it("routes, validates, answers errors, uploads and streams", async () => {
    await start("08-koa");
    expect(await text("notes/milk", { method: "PUT", body: "two bottles" })).toEqual([204, ""]);
    expect(await text("notes/milk")).toEqual([200, "two bottles"]);
    expect((await ask("notes/milk", { method: "HEAD" })).headers.get("content-length")).toBe("11");
    expect(await json("notes/tea")).toEqual([404, { error: "tea: no such note" }]);
    expect(await text("notes/milk", { method: "PUT", body: " " })).toEqual([400, "a note has words"]);
    expect(await json("notes", file("green", "tea"))).toEqual([201, { notes: 1 }]);
    expect((await text("notes", post("{}")))[0]).toBe(415);
    expect(await text("notes")).toEqual([200, '{"name":"milk","note":"two bottles"}\n{"name":"tea","note":"green"}\n']);
  });
});

describe("09-trpc", () => {
  it("answers tRPC's typed client: values, batches, errors, uploads, subscriptions", async () => {
    await start("09-trpc");
    const url = new URL("trpc", base).href;
    const client = createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: ({ input }) => isNonJsonSerializable(input),
          true: httpLink({ url }),
          false: httpBatchStreamLink({ url }),
        }),
      ],
    });
    expect(await Promise.all([2, 3, 4].map((value) => client.square.query(value)))).toEqual([4, 9, 16]);
    await expect(client.square.query(7000)).rejects.toMatchObject({
      message: "7000 is too large",
      data: { code: "UNPROCESSABLE_CONTENT", httpStatus: 422 },
    });
    await expect(client.square.query("7" as never)).rejects.toMatchObject({ data: { code: "BAD_REQUEST" } });
    expect(await client.lines.mutate(file("3\n4\n").body as FormData)).toEqual([9, 16]);
    const [status, events] = await text("trpc/squares?input=3");
    expect([status, events.match(/^data: (\d+)$/gm)]).toEqual([200, ["data: 1", "data: 4", "data: 9"]]);
  });
});
