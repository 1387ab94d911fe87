// An Express application inside a deployment. Express knows no WebSockets; where they are wanted, the library `ws` takes
// them on an `http.Server`, and that server is what `ingress` serves. Its handlers call another deployment.
//
//   npx manta-serve run examples/07-express/app.ts
//   curl http://127.0.0.1:8000/scores -H 'content-type: application/json' -d '{"text": "a good lamp"}'   # {"score":1}
//   curl http://127.0.0.1:8000/reviews -F file=@reviews.txt                                         # one score a line
import { createServer } from "node:http";
import express, { type ErrorRequestHandler } from "express";
import multer from "multer";
import { deployment, ingress, serve, type Handle } from "manta-serve";
import { WebSocketServer } from "ws";

/** Stands for a model. */
class Sentiment {
  score(text: string) {
    const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
    return count(/\b(good|great|fine)\b/gi) - count(/\b(bad|poor|broken)\b/gi);
  }
}

class Reviews {
  readonly #sentiment: Handle<Sentiment>;
  readonly #app = express();
  readonly #server = createServer(this.#app);
  fetch = ingress(this.#server);
  websocket = ingress.upgrade(this.#server);

  constructor(sentiment: Handle<Sentiment>) {
    this.#sentiment = sentiment;
    this.#app.disable("x-powered-by");
    this.#routes();
    this.#sockets();
  }

  #routes() {
    this.#app.post("/scores", express.json({ limit: "100kb" }), async (req, res) => {
      const { text } = (req.body ?? {}) as { text?: unknown };
      if (typeof text !== "string") return void res.status(400).json({ error: "text: expected a string" });
      res.json({ score: await this.#sentiment.score(text) });
    });

    // The file is answered line by line, as the scores come.
    const upload = multer({ limits: { fileSize: 1_000_000 } });
    this.#app.post("/reviews", upload.single("file"), async (req, res) => {
      if (req.file === undefined) return void res.status(400).json({ error: "file: missing" });
      res.type("application/x-ndjson");
      for (const text of req.file.buffer.toString().trim().split("\n")) {
        res.write(`${JSON.stringify({ text, score: await this.#sentiment.score(text) })}\n`);
      }
      res.end();
    });

    this.#app.use((req, res) => void res.status(404).json({ error: `no route ${req.method} ${req.path}` }));
    const failed: ErrorRequestHandler = (error: Error & { statusCode?: number }, _req, res, next) => {
      if (res.headersSent) return next(error); // Express breaks the answer off
      res.status(error.statusCode ?? 500).json({ error: error.statusCode === undefined ? "failed" : error.message });
    };
    this.#app.use(failed);
  }

  #sockets() {
    new WebSocketServer({ server: this.#server, path: "/live" }).on("connection", (socket) => {
      socket.on("message", (data: Buffer) => {
        this.#sentiment.score(data.toString()).then(
          (score) => socket.send(String(score)),
          () => socket.close(1011, "cannot score"),
        );
      });
    });
  }
}

export const app = deployment(Reviews).bind(deployment(Sentiment).bind());

if (import.meta.main) await serve.run(app);
