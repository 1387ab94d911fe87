// A Hono app inside a deployment: `fetch` is the app's own `fetch`, so routes, middleware and validators work as always,
// and its handlers call other deployments through handles. An error thrown in another deployment arrives with its name
// and data, and the error handler decides what the client sees. WebSockets go through the app as well, by Hono's own helper
// and the socket that Manta hands to the ingress.
//
//   npx manta-serve run examples/04-hono/app.ts
//   curl http://127.0.0.1:8000/stock/lamp                                                                        # {"item":"lamp","left":3}
//   curl http://127.0.0.1:8000/orders -H 'content-type: application/json' -d '{"item": "lamp", "count": 2}'      # 201
//   curl http://127.0.0.1:8000/orders -H 'content-type: application/json' -d '{"item": "lamp", "count": 9}'      # 409
//   curl http://127.0.0.1:8000/deliveries -F file=@delivery.csv        # lines like `lamp,5`: 201
//   curl -N http://127.0.0.1:8000/stock                                # one line an item
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { streamText } from "hono/streaming";
import { validator } from "hono/validator";
import { defineWebSocketHelper, WSContext, type WSReadyState } from "hono/ws";
import { deployment, isServeError, serve, type Handle } from "manta-serve";

class OutOfStock extends Error {
  override readonly name = "OutOfStock";
  readonly left: number;

  constructor(item: string, left: number) {
    super(`only ${left} of ${item} left`);
    this.left = left;
  }
}

/** Keeps its numbers in memory, so one replica and no more. */
class Stock {
  readonly #left = new Map([
    ["lamp", 3],
    ["chair", 12],
  ]);

  left(item: string) {
    return this.#left.get(item);
  }

  *all() {
    for (const [item, left] of this.#left) yield `${item}: ${left}`;
  }

  add(item: string, count: number) {
    this.#left.set(item, (this.#left.get(item) ?? 0) + count);
  }

  take(item: string, count: number) {
    const left = this.#left.get(item) ?? 0;
    if (left < count) throw new OutOfStock(item, left);
    this.#left.set(item, left - count);
    return left - count;
  }
}

const order = validator("json", (body: { item?: unknown; count?: unknown } | null) => {
  const { item, count } = body ?? {};
  if (typeof item !== "string" || item === "") throw new HTTPException(400, { message: "item: expected a name" });
  if (!Number.isInteger(count) || Number(count) < 1)
    throw new HTTPException(400, { message: "count: expected an integer above 0" });
  return { item, count: Number(count) };
});

/** What a request has beside itself: the socket, where it asks for one. */
type Env = { Bindings: { socket?: WebSocket } };

/** The answer to a request whose socket a handler took. */
const TAKEN = 204;

const upgradeWebSocket = defineWebSocketHelper((c, { onOpen, onMessage, onClose }) => {
  const { socket } = c.env as Env["Bindings"];
  if (socket === undefined) return c.text("a WebSocket is served here", 426);
  const ws = new WSContext({
    get readyState() {
      return socket.readyState as WSReadyState;
    },
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
  });
  socket.addEventListener("message", (event) => onMessage?.(event, ws));
  socket.addEventListener("close", (event) => onClose?.(event, ws));
  onOpen?.(new Event("open"), ws);
  return new Response(null, { status: TAKEN });
});

class Shop {
  readonly #stock: Handle<Stock>;

  constructor(stock: Handle<Stock>) {
    this.#stock = stock;
  }

  readonly #app = new Hono<Env>()
    .get("/stock", (c) =>
      streamText(c, async (stream) => {
        for await (const line of this.#stock.all()) await stream.writeln(line);
      }),
    )
    .get(
      "/stock/live",
      upgradeWebSocket(() => ({
        onMessage: ({ data }, ws) => {
          const item = String(data);
          this.#stock.left(item).then(
            (left) => ws.send(`${item}: ${left ?? "not sold here"}`),
            () => ws.close(4500),
          );
        },
      })),
    )
    .get("/stock/:item", async (c) => {
      const item = c.req.param("item");
      const left = await this.#stock.left(item);
      if (left === undefined) throw new HTTPException(404, { message: `${item}: not sold here` });
      return c.json({ item, left });
    })
    .post("/orders", order, async (c) => {
      const { item, count } = c.req.valid("json");
      const left = await this.#stock.take(item, count);
      return c.json({ item, count, left }, 201);
    })
    .post("/deliveries", async (c) => {
      const { file } = await c.req.parseBody();
      if (!(file instanceof File)) throw new HTTPException(400, { message: "file: missing" });
      const lines = (await file.text()).trim().split("\n");
      await Promise.all(lines.map((line) => this.#stock.add(line.split(",")[0] ?? "", Number(line.split(",")[1]))));
      return c.json({ items: lines.length }, 201);
    })
    .notFound((c) => c.json({ error: `no route ${c.req.method} ${c.req.path}` }, 404))
    .onError((error, c) => {
      if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
      const thrown = isServeError(error) ? (error.cause as Partial<OutOfStock> | undefined) : undefined;
      if (thrown?.name === "OutOfStock") return c.json({ error: thrown.message, left: thrown.left }, 409);
      throw error; // Manta answers it: 503 when overloaded, 408 when too late, else 500 with the stack in the log
    });

  fetch(request: Request) {
    return this.#app.fetch(request, {});
  }

  async websocket(socket: WebSocket, request: Request) {
    const { status } = await this.#app.fetch(request, { socket });
    if (status !== TAKEN) socket.close(4000 + status);
  }
}

export const app = deployment(Shop).bind(deployment(Stock).bind());

if (import.meta.main) await serve.run(app);
