// A tRPC router inside a deployment, by tRPC's own fetch adapter: the ingress needs nothing else. Procedures get the
// handle in their context; inputs are checked by zod, and the client's types follow from `AppRouter`.
//
//   npx manta-serve run examples/09-trpc/app.ts
//   curl 'http://127.0.0.1:8000/trpc/square?input=7'                 # {"result":{"data":49}}
//   curl -N 'http://127.0.0.1:8000/trpc/squares?input=3'             # Server-Sent Events
import { initTRPC, TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { deployment, isServeError, serve, type Handle } from "manta-serve";
import { z } from "zod";

/** Stands for a model. */
class Numbers {
  square(value: number) {
    if (value > 1000) throw new RangeError(`${value} is too large`);
    return value * value;
  }

  *squares(count: number) {
    for (let value = 1; value <= count; value++) yield value * value;
  }
}

interface Context {
  readonly numbers: Handle<Numbers>;
}

const t = initTRPC.context<Context>().create({ isDev: process.env["MANTA_DEV"] === "1" }); // stacks for the client

/** What the model refuses is the client's fault; the rest is answered with the status that Manta gives it. */
const procedure = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (!result.ok && isServeError(result.error.cause)) {
    const thrown = result.error.cause.cause as Error | undefined;
    if (thrown?.name === "RangeError") throw new TRPCError({ code: "UNPROCESSABLE_CONTENT", message: thrown.message });
  }
  return result;
});

const router = t.router({
  square: procedure.input(z.number()).query(({ ctx, input }) => ctx.numbers.square(input)),
  squares: procedure.input(z.number().int().max(100)).subscription(async function* ({ ctx, input }) {
    yield* ctx.numbers.squares(input);
  }),
  lines: procedure.input(z.instanceof(FormData)).mutation(async ({ ctx, input }) => {
    const file = input.get("file");
    const lines = file instanceof File ? (await file.text()).trim().split("\n") : [];
    return Promise.all(lines.map((line) => ctx.numbers.square(Number(line))));
  }),
});

/** For clients: `createTRPCClient<AppRouter>(...)`. */
export type AppRouter = typeof router;

class Api {
  readonly #numbers: Handle<Numbers>;

  constructor(numbers: Handle<Numbers>) {
    this.#numbers = numbers;
  }

  fetch(req: Request) {
    return fetchRequestHandler({
      endpoint: "/trpc",
      req,
      router,
      createContext: () => ({ numbers: this.#numbers }),
      responseMeta: ({ errors: [error] }) =>
        isServeError(error?.cause) ? { status: error.cause.statusCode, headers: { ...error.cause.headers } } : {},
    });
  }
}

export const app = deployment(Api).bind(deployment(Numbers).bind());

if (import.meta.main) await serve.run(app);
