// T4: 1,000 small chunks per answer.
import { deployment } from "manta-serve";

const CHUNKS = 1000;

class Tokens {
  async *fetch() {
    for (let n = 0; n < CHUNKS; n += 1) yield `token ${n}\n`;
  }
}

export const app = deployment(Tokens, { maxOngoingRequests: 200 }).bind();
