// An application without a route: only handles reach it, here those of a web server of your own (server.ts).
//
//   npx manta-serve run examples/10-own-server/models.ts --name models --route-prefix null
import { setTimeout as sleep } from "node:timers/promises";
import { deployment, requestContext, serve } from "manta-serve";

/** Stands for a model. */
export class Summarizer {
  #running = 0;

  async summarize(text: string, words: number) {
    return text.split(/\s+/).slice(0, words).join(" ");
  }

  async *tokens(text: string) {
    const { signal } = requestContext();
    this.#running += 1;
    try {
      for (const token of text.split(/\s+/)) {
        await sleep(50, undefined, { signal }); // rejects at once when the reader leaves
        yield `${token} `;
      }
    } finally {
      this.#running -= 1;
    }
  }

  running() {
    return this.#running;
  }
}

export const app = deployment(Summarizer, { maxOngoingRequests: 50 }).bind();

if (import.meta.main) await serve.run(app, { name: "models", routePrefix: null });
