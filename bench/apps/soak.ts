// T11: what an application does all day: calls in batches, models that come and go, streams.
import { setTimeout as sleep } from "node:timers/promises";
import { batch, deployment, type Handle, multiplexed, sse } from "manta-serve";

/** Work of one batch, milliseconds of waiting: the limit of a replica does not depend on the machine. */
const WORK_MS = 5;
const EVENTS = 20;

class Language {
  readonly #weights: Float32Array;

  constructor(seed: number) {
    this.#weights = new Float32Array(10_000).fill(seed);
  }

  score(text: string): number {
    return (this.#weights[text.length] ?? 0) * text.length;
  }
}

class Model {
  lengths = batch(
    async (texts: string[]) => {
      await sleep(WORK_MS);
      return texts.map(({ length }) => length);
    },
    { maxBatchSize: 8, batchWaitTimeoutS: 0.002 },
  );

  language = multiplexed((id) => new Language(id.length), { maxNumModelsPerReplica: 8 });

  async score(text: string) {
    return (await this.language()).score(text);
  }

  async *words(text: string) {
    for (let n = 0; n < EVENTS; n += 1) {
      yield `${text} ${n}`;
      await sleep(1);
    }
  }
}

class Ingress {
  readonly #model: Handle<Model>;
  #count = 0;

  constructor(model: Handle<Model>) {
    this.#model = model;
  }

  async fetch(request: Request) {
    switch (request.headers.get("x-work")) {
      case "stream":
        return sse(this.#model.words("word"));
      case "language": {
        const multiplexedModelId = `language-${this.#count++ % 40}`;
        return `${await this.#model.options({ multiplexedModelId }).score("a text")}\n`;
      }
      default:
        return `${await this.#model.lengths("a text")}\n`;
    }
  }
}

const model = deployment(Model, { numReplicas: 2, maxOngoingRequests: 32, maxQueuedRequests: 1000 }).bind();

export const app = deployment(Ingress, { maxOngoingRequests: 500 }).bind(model);
