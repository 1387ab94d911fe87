// Handwritten digits: Ingress (Hono) -> Preprocess -> Classifier, which runs model.onnx with onnxruntime-node in two
// replicas. The ingress passes the preprocessed pixels on without awaiting them. `train.py` made the model and the
// held-out images; another model with the same shape is given by the environment variable DIGITS_MODEL.
//
//   npm run quickstart                                    # starts it and measures it on 359 images it has never seen
//   npx manta-serve run examples/05-digits/app.ts         # then draw at http://127.0.0.1:8000/
//   curl http://127.0.0.1:8000/classify -d '{"image": [64 integers, 0 is paper, 16 is ink]}'
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { deployment, serve, type Handle } from "manta-serve";
import type { InferenceSession } from "onnxruntime-node";

const PIXELS = 64;
const INK = 16;
const CLASSES = 10;
const MAX_IMAGES = 1000;

/** 8 rows of 8 pixels, each an integer from 0 (paper) to 16 (ink). */
export type Image = readonly number[];

export interface Prediction {
  readonly digit: number;
  /** One for each digit from 0 to 9, rounded to four places. */
  readonly probabilities: readonly number[];
}

class Preprocess {
  /** Images of integers, end to end, as the network wants them: floats from 0 to 1. */
  scale(images: readonly Image[]) {
    return Float32Array.from(images.flat(), (value) => value / INK);
  }
}

class Classifier {
  readonly #modelPath: string;
  #runtime!: typeof import("onnxruntime-node");
  #session!: InferenceSession;

  constructor(modelPath: string) {
    this.#modelPath = modelPath;
  }

  async setup() {
    this.#runtime = await import("onnxruntime-node"); // here, so that the other deployments do not load it
    this.#session = await this.#runtime.InferenceSession.create(this.#modelPath, { intraOpNumThreads: 1 });
  }

  async [Symbol.asyncDispose]() {
    await this.#session.release();
  }

  async classify(pixels: Float32Array): Promise<Prediction[]> {
    const count = pixels.length / PIXELS;
    const output = await this.#session.run({ pixels: new this.#runtime.Tensor("float32", pixels, [count, PIXELS]) });
    const values = [...(output["probabilities"]!.data as Float32Array)];
    return Array.from({ length: count }, (_, index) => {
      const row = values.slice(index * CLASSES, (index + 1) * CLASSES);
      return { digit: row.indexOf(Math.max(...row)), probabilities: row.map((p) => Math.round(p * 1e4) / 1e4) };
    });
  }
}

class Ingress {
  readonly #preprocess: Handle<Preprocess>;
  readonly #classifier: Handle<Classifier>;

  constructor(preprocess: Handle<Preprocess>, classifier: Handle<Classifier>) {
    this.#preprocess = preprocess;
    this.#classifier = classifier;
  }

  fetch = new Hono()
    .get("/", async (c) => c.html(await readFile(join(import.meta.dirname, "page.html"), "utf8")))
    .post("/classify", async (c) => {
      const body: unknown = await c.req.json().catch(() => invalid("body: expected JSON"));
      const { images, single } = parseBody(body);
      const predictions = await this.#classifier.classify(this.#preprocess.scale(images));
      return c.json(single ? predictions[0] : { predictions });
    })
    .onError((error, c) => {
      if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
      throw error;
    }).fetch;
}

/** `{"image": [...]}` asks for one answer, `{"images": [[...], ...]}` for one each. */
function parseBody(body: unknown): { images: readonly Image[]; single: boolean } {
  const { image, images } = (body ?? {}) as { image?: unknown; images?: unknown };
  if (image !== undefined && images === undefined) return { images: [parseImage(image, "image")], single: true };
  if (image !== undefined || !Array.isArray(images)) {
    return invalid('expected {"image": [64 integers]} or {"images": [[64 integers], ...]}');
  }
  if (images.length < 1 || images.length > MAX_IMAGES) {
    return invalid(`images: expected 1 to ${MAX_IMAGES} images, received ${images.length}`);
  }
  return { images: images.map((each, index) => parseImage(each, `images[${index}]`)), single: false };
}

function parseImage(value: unknown, path: string): Image {
  if (!Array.isArray(value)) return invalid(`${path}: expected an array of ${PIXELS} integers`);
  if (value.length !== PIXELS)
    return invalid(`${path}: expected ${PIXELS} integers (8 rows of 8), received ${value.length}`);
  const bad = value.findIndex((pixel) => !Number.isInteger(pixel) || pixel < 0 || pixel > INK);
  if (bad >= 0)
    return invalid(`${path}[${bad}]: expected an integer from 0 to ${INK}, received ${JSON.stringify(value[bad])}`);
  return value;
}

function invalid(message: string): never {
  throw new HTTPException(400, { message });
}

const PreprocessDeployment = deployment(Preprocess);
const ClassifierDeployment = deployment(Classifier, { numReplicas: 2 });
const modelPath = resolve(process.env["DIGITS_MODEL"] ?? join(import.meta.dirname, "model.onnx"));

export const app = deployment(Ingress, { maxOngoingRequests: 100 }).bind(
  PreprocessDeployment.bind(),
  ClassifierDeployment.bind(modelPath),
);

if (import.meta.main) await serve.run(app);
