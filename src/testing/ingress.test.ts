// `ingress(app)` and `docsPath` in a whole application.
import { createServer, type RequestListener } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type Application, deployment, type Handle, ingress, requestContext } from "../index.ts";
import { type InMemoryInstance, runInMemory } from "./index.ts";

let open: InMemoryInstance<unknown> | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});
async function run(app: Application<unknown>): Promise<InMemoryInstance<unknown>> {
  return (open = await runInMemory(app));
}

class Slow {
  static aborted = 0;
  static ids: string[] = [];
  name() {
    Slow.ids.push(requestContext().requestId);
    return "slow";
  }
  async forever() {
    const { signal } = requestContext();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    Slow.aborted++;
  }
}

class Door {
  readonly #slow: Handle<Slow>;
  readonly docsPath = "/docs";

  constructor(slow: Handle<Slow>) {
    this.#slow = slow;
  }

  readonly #listener: RequestListener = (req, res) => {
    const answer = req.url === "/forever" ? this.#slow.forever().then(() => "") : this.#slow.name().then(String);
    answer.then(
      (name) => res.end(`${name} ${requestContext().requestId}`),
      () => res.destroy(),
    );
  };

  fetch = ingress(createServer((req, res) => this.#listener(req, res)));
}
const app = deployment(Door).bind(deployment(Slow).bind());

describe("an ingress of a Node framework", () => {
  it("calls other deployments in the context of its request", async () => {
    const { fetch } = await run(app);
    const response = await fetch(new Request("http://x/", { headers: { "x-request-id": "mine" } }));
    expect(await response.text()).toBe("slow mine");
    expect(Slow.ids).toEqual(["mine"]);
  });

  it("cancels what it called when its client leaves (Q5)", async () => {
    const { fetch } = await run(app);
    const client = new AbortController();
    const asked = fetch(new Request("http://x/forever", { signal: client.signal }));
    setImmediate(() => client.abort());
    await expect(asked).rejects.toThrow("aborted");
    await expect.poll(() => Slow.aborted).toBe(1);
  });
});

describe("docsPath", () => {
  const docsPath = async (): Promise<unknown> => (await open?.status())?.applications["default"]?.docsPath;

  it("of the ingress is in the status", async () => {
    await run(app);
    expect(await docsPath()).toBe("/docs");
  });

  it("is null where the ingress has none", async () => {
    await run(deployment(() => "plain", { name: "Plain" }).bind());
    expect(await docsPath()).toBeNull();
  });

  it("that is no path fails the deploy", async () => {
    class Wrong {
      docsPath = "docs";
      fetch() {}
    }
    await expect(run(deployment(Wrong).bind())).rejects.toThrow('Wrong.docsPath: received "docs", expected a path');
  });
});
