// Calling: what a handle offers, what its methods take and what they give.
import { expectTypeOf } from "vitest";
import {
  deployment,
  serve,
  type DeploymentResponse,
  type DeploymentResponseStream,
  type Handle,
  type HandleOptions,
} from "manta-serve";

class Adder {
  readonly #increment: number;
  readonly label = "adder";
  constructor(increment: number) {
    this.#increment = increment;
  }
  add(value: number) {
    return value + this.#increment;
  }
  async later(value: number, scale = 1) {
    return { sum: value * scale };
  }
  untyped(value: unknown) {
    return value;
  }
  protected inner() {}
  setup() {}
  async checkHealth() {}
  reconfigure(config: unknown) {
    return config;
  }
  recordAutoscalingStats() {
    return {};
  }
  recordRoutingStats() {
    return {};
  }
  async [Symbol.asyncDispose]() {}
}

class Writer {
  async *tokens(count: number) {
    for (let i = 0; i < count; i++) yield `t${i}`;
  }
  *numbers(count: number) {
    yield count;
  }
  async later() {
    return this.tokens(3);
  }
  either(stream: boolean): string | AsyncIterable<number> {
    return stream
      ? (async function* () {
          yield 1;
        })()
      : "whole";
  }
  list() {
    return [1, 2, 3];
  }
}

class Generic<T> {
  echo(value: T): T {
    return value;
  }
}

class Overloaded {
  pick(key: "a"): number;
  pick(key: "b"): string;
  pick(key: string): number | string {
    return key === "a" ? 1 : "b";
  }
}

declare const adder: Handle<Adder>;
declare const writer: Handle<Writer>;

// A value: awaited, with the response's own controls.
expectTypeOf(adder.add(1)).toEqualTypeOf<DeploymentResponse<number>>();
expectTypeOf(adder.later(1)).toEqualTypeOf<DeploymentResponse<{ sum: number }>>();
expectTypeOf(await adder.later(1, 2)).toEqualTypeOf<{ sum: number }>();
expectTypeOf(adder.add(1).requestId).toEqualTypeOf<string>();
adder
  .add(1)
  .catch(() => 0)
  .finally(() => undefined);
adder.add(1).cancel();

// What is not known stays unknown.
expectTypeOf(await adder.untyped(1)).toEqualTypeOf<unknown>();

// @ts-expect-error wrong argument
adder.add("x");
// @ts-expect-error missing argument
adder.add();
// @ts-expect-error no such method
adder.sub(1);
// @ts-expect-error a field is no method
adder.label;
// @ts-expect-error not public
adder.inner();

// Lifecycle methods are not callable.
// @ts-expect-error
adder.setup();
// @ts-expect-error
adder.checkHealth();
// @ts-expect-error
adder.reconfigure({});
// @ts-expect-error
adder.recordAutoscalingStats();
// @ts-expect-error
adder.recordRoutingStats();
// @ts-expect-error
adder[Symbol.asyncDispose]();

// Un-awaited responses as top-level arguments.
adder.add(adder.add(1));
adder.later(adder.add(1), adder.add(2));
// @ts-expect-error the response of another type
adder.add(adder.later(1));
// @ts-expect-error a stream is no argument
adder.add(writer.numbers(1));

// Streams are iterated, not awaited.
expectTypeOf(writer.tokens(3)).toEqualTypeOf<DeploymentResponseStream<string>>();
expectTypeOf(writer.numbers(3)).toEqualTypeOf<DeploymentResponseStream<number>>();
expectTypeOf(writer.later()).toEqualTypeOf<DeploymentResponseStream<string>>();
for await (const token of writer.tokens(3)) expectTypeOf(token).toEqualTypeOf<string>();
// @ts-expect-error a stream has no `then`
writer.tokens(3).then(() => undefined);
writer.tokens(3).cancel();

// A list is a value, also where it could be iterated.
expectTypeOf(await writer.list()).toEqualTypeOf<number[]>();
// @ts-expect-error a value is not iterated
for await (const item of writer.list()) void item;

// A method that may give either offers both.
expectTypeOf(await writer.either(false)).toEqualTypeOf<string>();
for await (const item of writer.either(true)) expectTypeOf(item).toEqualTypeOf<number>();

// Type parameters of the class are kept; of overloads the last signature is.
const generic = await serve.run(deployment(Generic<number>).bind());
expectTypeOf(await generic.echo(3)).toEqualTypeOf<number>();
declare const overloaded: Handle<Overloaded>;
expectTypeOf(await overloaded.pick("b")).toEqualTypeOf<string>();

// Functions are called directly.
const hello = await serve.run(deployment((name: string) => `hello ${name}`, { name: "hello" }).bind());
expectTypeOf(await hello("x")).toEqualTypeOf<string>();
// @ts-expect-error wrong argument
hello(1);
async function* count(to: number) {
  yield to;
}
declare const counter: Handle<typeof count>;
expectTypeOf(counter(3)).toEqualTypeOf<DeploymentResponseStream<number>>();

// Options give a handle of the same type.
expectTypeOf(adder.options({ timeoutS: 1 })).toEqualTypeOf<Handle<Adder>>();
expectTypeOf<HandleOptions["signal"]>().toEqualTypeOf<AbortSignal | undefined>();
// @ts-expect-error seconds are a number
adder.options({ timeoutS: "1" });
// @ts-expect-error no such option
adder.options({ timeout: 1 });
