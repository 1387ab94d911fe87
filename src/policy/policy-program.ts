// Answers what the head asks users' autoscaling policies. The same code serves a process of its own (main.ts) and the
// memory engine.
//   R1  A policy is loaded once, with its kwargs, one after the other; what a class keeps lives as long as the program.
//   R2  A policy that has not answered yet is not asked a second time: calls of a slow one do not pile up.
import { describeThrown, ServeError } from "../core/errors.ts";
import type { PolicyRef } from "../model/application-spec.ts";
import type { PolicyDecision } from "../model/autoscaling-context.ts";
import type { PolicyMethods, PolicyQuestion } from "../protocol/control.ts";
import type { ControlLink } from "../transport/control-link.ts";
import { type LoadedPolicy, loadPolicy } from "./load-policy.ts";
import { readReplies } from "./read-replies.ts";

export class PolicyProgram {
  readonly #loaded = new Map<string, Promise<LoadedPolicy>>();
  readonly #busy = new Set<string>();
  #lastLoad: Promise<unknown> = Promise.resolve();

  /** Answers over `link` from now on. Call it in the turn that made the link. */
  serve(link: ControlLink): void {
    link.onRequest((method, body) => this.#answer(method, body));
  }

  async #answer(method: string, body: unknown): Promise<unknown> {
    switch (method as keyof PolicyMethods) {
      case "load":
        await this.#load(body as PolicyRef);
        return null;
      case "decide":
        return this.#decide(body as PolicyQuestion);
      default:
        throw new ServeError("PROTOCOL", `a policy does not answer ${method}`);
    }
  }

  #load(policy: PolicyRef): Promise<LoadedPolicy> {
    const key = keyOf(policy);
    let loaded = this.#loaded.get(key);
    if (loaded !== undefined) return loaded;
    loaded = this.#lastLoad.catch(() => undefined).then(() => loadPolicy(policy)); // R1
    this.#loaded.set(key, loaded);
    this.#lastLoad = loaded;
    return loaded;
  }

  async #decide(question: PolicyQuestion): Promise<Readonly<Record<string, PolicyDecision>>> {
    const { policy, scope, contexts } = question;
    const ask = await this.#load(policy);
    const key = `${keyOf(policy)} ${contexts.map(({ deploymentId }) => deploymentId).join(" ")}`;
    if (this.#busy.has(key))
      throw new ServeError("USER_CODE", `the policy ${policy.name} is busy with an earlier question`); // R2
    this.#busy.add(key);
    try {
      const seen =
        scope === "deployment" ? contexts[0] : Object.fromEntries(contexts.map((one) => [one.deploymentName, one]));
      return readReplies(question, await callUser(policy.name, () => ask(seen)));
    } finally {
      this.#busy.delete(key);
    }
  }
}

async function callUser(name: string, call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (reason) {
    throw new ServeError("USER_CODE", `the policy ${name} threw ${describeThrown(reason)}`);
  }
}

function keyOf({ file, name, kwargs }: PolicyRef): string {
  return JSON.stringify([file, name, kwargs]);
}
