// T10: a stream of events that says hello and then nothing.
import { deployment, requestContext, sse } from "manta-serve";

class Idle {
  async *events() {
    const { signal } = requestContext();
    yield "hello";
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  fetch() {
    return sse(this.events());
  }
}

export const app = deployment(Idle, { maxOngoingRequests: 20_000 }).bind();
