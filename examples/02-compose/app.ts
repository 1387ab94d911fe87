// Deployments that call each other. `bind` says what is connected to what; each bound deployment arrives in the
// constructor as a typed handle. The two answers of the adders are passed on without being awaited: both calls run at
// the same time, and the combiner starts when both numbers are there. `add("x")` or `combiner.sum()` would not compile.
//
//   npx manta-serve run examples/02-compose/app.ts
//   curl http://127.0.0.1:8000/ -d '{"val": 10}'          # {"result":11.5}
import { deployment, serve, type Handle } from "manta-serve";

class Adder {
  readonly #increment: number;

  constructor(increment: number) {
    this.#increment = increment;
  }

  add(value: number) {
    return value + this.#increment;
  }
}

class Combiner {
  average(...values: number[]) {
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }
}

class Ingress {
  readonly #one: Handle<Adder>;
  readonly #two: Handle<Adder>;
  readonly #combiner: Handle<Combiner>;

  constructor(one: Handle<Adder>, two: Handle<Adder>, combiner: Handle<Combiner>) {
    this.#one = one;
    this.#two = two;
    this.#combiner = combiner;
  }

  async fetch(request: Request) {
    const { val } = (await request.json()) as { val?: unknown };
    if (typeof val !== "number") return Response.json({ error: "val: expected a number" }, { status: 400 });
    return { result: await this.#combiner.average(this.#one.add(val), this.#two.add(val)) };
  }
}

const AdderDeployment = deployment(Adder);
const CombinerDeployment = deployment(Combiner, { numReplicas: 2 });

export const app = deployment(Ingress).bind(
  AdderDeployment.bind(1),
  AdderDeployment.bind(2),
  CombinerDeployment.bind(),
);

if (import.meta.main) await serve.run(app);
