// Binding: constructor arguments, applications in the place of handles, what `serve` gives back.
import { expectTypeOf } from "vitest";
import {
  deployment,
  replicaContext,
  requestContext,
  serve,
  sse,
  type Application,
  type Deployment,
  type Handle,
  type InstanceStatus,
} from "manta-serve";

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
    return values.length;
  }
}

interface Settings {
  readonly first: Handle<Adder>;
  readonly scale: number;
}

class Ingress {
  readonly parts: readonly unknown[];
  constructor(
    one: Handle<Adder>,
    combiner: Handle<Combiner>,
    list: Handle<Adder>[],
    settings: Settings,
    note?: string,
  ) {
    this.parts = [one, combiner, list, settings, note];
  }
  async fetch(request: Request) {
    return { path: request.url };
  }
}

const AdderDeployment = deployment(Adder, { numReplicas: 2 });
const CombinerDeployment = deployment(Combiner);
const IngressDeployment = deployment(Ingress);

expectTypeOf(AdderDeployment).toEqualTypeOf<Deployment<Adder, [increment: number]>>();
expectTypeOf(AdderDeployment.bind(1)).toEqualTypeOf<Application<Adder>>();
expectTypeOf(AdderDeployment.options({ maxOngoingRequests: 3 })).toEqualTypeOf<
  Deployment<Adder, [increment: number]>
>();

const one = AdderDeployment.bind(1);
const combiner = CombinerDeployment.bind();
const app = IngressDeployment.bind(one, combiner, [one, AdderDeployment.bind(2)], { first: one, scale: 2 });
IngressDeployment.bind(one, combiner, [], { first: one, scale: 2 }, "note");

// @ts-expect-error wrong argument
AdderDeployment.bind("1");
// @ts-expect-error missing argument
AdderDeployment.bind();
// @ts-expect-error another deployment in the place of a handle
IngressDeployment.bind(combiner, combiner, [one], { first: one, scale: 2 });
// @ts-expect-error another deployment in a list of handles
IngressDeployment.bind(one, combiner, [combiner], { first: one, scale: 2 });
// @ts-expect-error another deployment inside an object
IngressDeployment.bind(one, combiner, [one], { first: combiner, scale: 2 });
// @ts-expect-error a deployment that was not bound
IngressDeployment.bind(AdderDeployment, combiner, [one], { first: one, scale: 2 });
// @ts-expect-error no such option
deployment(Adder, { replicas: 2 });
// @ts-expect-error wrong type of an option
deployment(Adder, { numReplicas: "2" });

// A function takes its arguments when it is called, not when it is bound.
const hello = deployment((name: string) => `hello ${name}`, { name: "hello" });
expectTypeOf(hello.bind()).toEqualTypeOf<Application<(name: string) => string>>();
// @ts-expect-error nothing to bind
hello.bind("x");

// `serve`.
expectTypeOf(await serve.run(app)).toEqualTypeOf<Handle<Ingress>>();
expectTypeOf(await serve.run(app, { name: "shop", routePrefix: null, http: { port: 0 } })).toEqualTypeOf<
  Handle<Ingress>
>();
// @ts-expect-error a deployment that was not bound
serve.run(IngressDeployment);
expectTypeOf(await serve.runMany([{ app }, { app: one, name: "adder", routePrefix: "/add" }])).toEqualTypeOf<void>();
expectTypeOf(await serve.status()).toEqualTypeOf<InstanceStatus>();
expectTypeOf(await serve.getAppHandle<Ingress>("shop")).toEqualTypeOf<Handle<Ingress>>();
expectTypeOf(await serve.getDeploymentHandle<Adder>("Adder", "shop")).toEqualTypeOf<Handle<Adder>>();

// What surrounds the running code.
expectTypeOf(requestContext().signal).toEqualTypeOf<AbortSignal>();
expectTypeOf(requestContext().deadlineMs).toEqualTypeOf<number | undefined>();
expectTypeOf(replicaContext().rank.rank).toEqualTypeOf<number>();

// Server-Sent Events take what is iterable, responses that stream too.
expectTypeOf(sse(["a", { b: 1 }, sse.event({ event: "done", data: 1 })])).toEqualTypeOf<Response>();
declare const writer: Handle<{ tokens(): AsyncGenerator<string> }>;
sse(writer.tokens());
// @ts-expect-error a value is not iterable
sse(1);
