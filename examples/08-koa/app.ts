// A Koa application inside a deployment: `app.callback()` is the listener that `ingress` serves. Notes are kept by
// another deployment; the errors that it throws become answers in a middleware.
//
//   npx manta-serve run examples/08-koa/app.ts
//   curl http://127.0.0.1:8000/notes/milk -X PUT -d 'two bottles'
//   curl http://127.0.0.1:8000/notes/milk                          # two bottles
//   curl http://127.0.0.1:8000/notes -F tea=@tea.txt               # each part becomes a note
//   curl -N http://127.0.0.1:8000/notes                            # one line a note
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import Router from "@koa/router";
import Koa, { type Context, type Next } from "koa";
import { deployment, ingress, isServeError, serve, type Handle } from "manta-serve";

class NoSuchNote extends Error {
  override readonly name = "NoSuchNote";
}

/** Keeps its notes in memory, so one replica and no more. */
class Notes {
  readonly #notes = new Map<string, string>();

  put(name: string, note: string) {
    this.#notes.set(name, note);
  }

  get(name: string) {
    const note = this.#notes.get(name);
    if (note === undefined) throw new NoSuchNote(`${name}: no such note`);
    return note;
  }

  *all() {
    for (const [name, note] of this.#notes) yield `${JSON.stringify({ name, note })}\n`;
  }
}

async function answerErrors(ctx: Context, next: Next) {
  try {
    await next();
  } catch (error) {
    const thrown = isServeError(error) ? (error.cause as Error | undefined) : undefined;
    if (thrown?.name !== "NoSuchNote") throw error; // Koa answers: 503 when overloaded, else 500
    ctx.status = 404;
    ctx.body = { error: thrown.message };
  }
}

class Board {
  readonly #notes: Handle<Notes>;
  readonly fetch: (request: Request) => Promise<Response>;

  constructor(notes: Handle<Notes>) {
    this.#notes = notes;
    const app = new Koa();
    app.silent = true; // Manta's log has the errors of deployments
    app.use(answerErrors).use(this.#routes());
    this.fetch = ingress(app.callback()); // last: it is made of the middleware that is there
  }

  #routes() {
    const router = new Router();
    router.get("/notes/:name", async (ctx) => {
      ctx.body = await this.#notes.get(ctx.params["name"] as string);
    });
    router.put("/notes/:name", async (ctx) => {
      const note = await text(ctx.req);
      if (note.trim() === "") ctx.throw(400, "a note has words");
      await this.#notes.put(ctx.params["name"] as string, note);
      ctx.status = 204;
    });
    router.post("/notes", async (ctx) => {
      if (!ctx.is("multipart")) ctx.throw(415, "expected multipart/form-data");
      const { "content-type": type = "" } = ctx.headers;
      const upload = new Response(Readable.toWeb(ctx.req) as ReadableStream, { headers: { "content-type": type } });
      const parts = [...(await upload.formData())];
      for (const [name, part] of parts)
        await this.#notes.put(name, typeof part === "string" ? part : await part.text());
      ctx.status = 201;
      ctx.body = { notes: parts.length };
    });
    router.get("/notes", (ctx) => {
      ctx.type = "application/x-ndjson";
      ctx.body = Readable.from(this.#notes.all());
    });
    return router.routes();
  }
}

export const app = deployment(Board).bind(deployment(Notes).bind());

if (import.meta.main) await serve.run(app);
