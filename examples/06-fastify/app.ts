// A Fastify application inside a deployment: schemas, error handler, plugins, uploads and WebSockets work as always, and
// its handlers call another deployment through a handle. `docsPath` says in `manta status` where the OpenAPI document is.
//
//   npx manta-serve run examples/06-fastify/app.ts
//   curl http://127.0.0.1:8000/translations -H 'content-type: application/json' -d '{"text": "good day", "to": "de"}'   # {"text":"guten tag"}
//   curl http://127.0.0.1:8000/translations -H 'content-type: application/json' -d '{"text": "good day", "to": "x"}'    # 422
//   curl -N 'http://127.0.0.1:8000/words?text=good+day&to=fr'      # word by word
//   curl 'http://127.0.0.1:8000/files?to=de' -F file=@notes.txt    # multipart
//   curl http://127.0.0.1:8000/openapi.json
import { setTimeout as sleep } from "node:timers/promises";
import { Readable } from "node:stream";
import multipart from "@fastify/multipart";
import swagger from "@fastify/swagger";
import websocket from "@fastify/websocket";
import fastify, { type FastifyInstance } from "fastify";
import { deployment, ingress, isServeError, serve, type Handle } from "manta-serve";

const DICTIONARIES: Record<string, Record<string, string>> = {
  de: { good: "guten", day: "tag", night: "nacht" },
  fr: { good: "bon", day: "jour", night: "soir" },
};

class UnknownLanguage extends Error {
  override readonly name = "UnknownLanguage";
}

/** Stands for a model. */
class Translator {
  translate(text: string, to: string) {
    const dictionary = DICTIONARIES[to];
    if (dictionary === undefined) throw new UnknownLanguage(`${to}: known are ${Object.keys(DICTIONARIES).join(", ")}`);
    return text.replaceAll(/\w+/g, (word) => dictionary[word] ?? word);
  }

  async *words(text: string, to: string) {
    for (const word of this.translate(text, to).split(" ")) {
      await sleep(20);
      yield `${word} `;
    }
  }
}

type Query = { Querystring: { text: string; to: string } };

class Api {
  readonly docsPath = "/openapi.json";
  readonly #app = fastify();
  readonly #translator: Handle<Translator>;
  fetch = ingress(this.#app);
  websocket = ingress.upgrade(this.#app);

  constructor(translator: Handle<Translator>) {
    this.#translator = translator;
    this.#app.setErrorHandler((error, _request, reply) => {
      const thrown = isServeError(error) ? (error.cause as Error | undefined) : undefined;
      if (thrown?.name === "UnknownLanguage") return reply.code(422).send({ error: thrown.message });
      throw error; // Fastify answers: 400 for a schema, 503 when the model is overloaded, else 500
    });
    this.#app.register(swagger, { openapi: { info: { title: "Translations", version: "1" } } });
    this.#app.register(multipart, { limits: { fileSize: 1_000_000 } });
    this.#app.register(websocket);
    this.#app.register(async (app) => this.#routes(app));
  }

  /** A plugin that fails, fails the deploy. */
  async setup() {
    await this.#app.ready();
  }

  async [Symbol.asyncDispose]() {
    await this.#app.close();
  }

  #routes(app: FastifyInstance) {
    const text = { type: "string", minLength: 1 };
    const schema = { body: { type: "object", required: ["text", "to"], properties: { text, to: text } } };
    app.post<{ Body: { text: string; to: string } }>("/translations", { schema }, async ({ body }) => {
      return { text: await this.#translator.translate(body.text, body.to) };
    });

    // When the client leaves, Fastify ends the stream, and with it the generator in the other process.
    app.get<Query>("/words", ({ query: { text, to } }, reply) =>
      reply.type("text/plain").send(Readable.from(this.#translator.words(text, to))),
    );

    app.post<Query>("/files", async (request, reply) => {
      const file = await request.file();
      if (file === undefined) return reply.code(400).send({ error: "file: missing" });
      const text = (await file.toBuffer()).toString();
      return { file: file.filename, text: await this.#translator.translate(text, request.query.to) };
    });

    app.get<Query>("/chat", { websocket: true }, (socket, { query: { to } }) => {
      socket.on("message", (data: Buffer) => {
        this.#translator.translate(data.toString(), to).then(
          (translated) => socket.send(translated),
          () => socket.close(1011, "cannot translate"),
        );
      });
    });

    app.get("/openapi.json", () => app.swagger());
  }
}

export const app = deployment(Api).bind(deployment(Translator).bind());

if (import.meta.main) await serve.run(app);
