// What the compiler knows of application builders: their arguments from the schema, their application from the function.
import { appBuilder, deployment, type AppBuilder, type Application } from "manta-serve";
import { expectTypeOf } from "vitest";
import { z } from "zod";

class Model {
  readonly #size: number;
  constructor(size: number) {
    this.#size = size;
  }
  run(text: string): string {
    return text.repeat(this.#size);
  }
}

const args = z.object({ size: z.coerce.number(), name: z.string().default("m") });

const build = appBuilder(args, (given) => {
  expectTypeOf(given).toEqualTypeOf<{ size: number; name: string }>();
  return deployment(Model).bind(given.size);
});
expectTypeOf(build).toEqualTypeOf<AppBuilder<Model>>();
expectTypeOf(build({ size: 1 })).resolves.toEqualTypeOf<Application<Model>>();

appBuilder(args, async ({ size }) => deployment(Model).bind(size));

// @ts-expect-error: no argument of that name is in the schema
appBuilder(args, ({ sise }) => deployment(Model).bind(sise));
// @ts-expect-error: the function gives no application
appBuilder(args, () => 1);
// @ts-expect-error: no schema
appBuilder({ size: "number" }, () => deployment(Model).bind(1));
