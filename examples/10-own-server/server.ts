// A web server of your own: its port, its routes, its process. It holds a handle of an application that runs in Manta,
// and passes on by hand what Manta's own ingress would: the deadline, and that the client has left.
//
//   node examples/10-own-server/server.ts                          # either of the two may be started first
//   curl http://127.0.0.1:3000/summaries -H 'content-type: application/json' -d '{"text": "one two three four"}'
//   curl -N 'http://127.0.0.1:3000/tokens?text=one+two+three'
import { Readable } from "node:stream";
import fastify, { type FastifyReply } from "fastify";
import { isServeError, serve, type Handle } from "manta-serve";
import type { Summarizer } from "./models.ts";

/** Longest wait for an answer, whatever the reason: a queue, a slow model, an instance that is away. */
const TIMEOUT_S = 2;

let found: Promise<Handle<Summarizer>> | undefined;

/** Looked up by the first request, and again by the next when there was nothing to be found. */
async function summarizer(reply: FastifyReply): Promise<Handle<Summarizer>> {
  found ??= serve.getAppHandle<Summarizer>("models");
  const handle = await found.catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  const client = new AbortController();
  reply.raw.once("close", () => client.abort());
  return handle.options({ timeoutS: TIMEOUT_S, signal: client.signal });
}

const app = fastify();

app.setErrorHandler((error, _request, reply) => {
  const isAway = isServeError(error) && (error.code === "APPLICATION_NOT_FOUND" || error.code === "ENGINE");
  if (isAway) return reply.code(503).header("retry-after", "1").send({ error: "the models are not there yet" });
  throw error; // what has a status keeps it: 503 of a full queue, 408 of a deadline
});

const schema = { body: { type: "object", required: ["text"], properties: { text: { type: "string" } } } };
app.post<{ Body: { text: string } }>("/summaries", { schema }, async ({ body }, reply) => {
  return { summary: await (await summarizer(reply)).summarize(body.text, 3) };
});

app.get<{ Querystring: { text: string } }>("/tokens", async ({ query }, reply) => {
  const tokens = (await summarizer(reply)).tokens(query.text);
  return reply.type("text/plain").send(Readable.from(tokens));
});

const url = await app.listen({ port: Number(process.env["PORT"] ?? 3000) });
console.log(JSON.stringify({ url }));
