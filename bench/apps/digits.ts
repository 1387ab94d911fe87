// B1: the digits model of examples/05-digits, one image a request: each by itself, in batches of fixed size and wait, and
// in batches with a goal.
import path from "node:path";
import { batch, deployment } from "manta-serve";
import type { InferenceSession } from "onnxruntime-node";

const PIXELS = 64;
const CLASSES = 10;
const modelPath = path.join(import.meta.dirname, "../../examples/05-digits/model.onnx");

class Digits {
  #runtime!: typeof import("onnxruntime-node");
  #session!: InferenceSession;

  async setup() {
    this.#runtime = await import("onnxruntime-node");
    this.#session = await this.#runtime.InferenceSession.create(modelPath, { intraOpNumThreads: 1 });
  }

  async [Symbol.asyncDispose]() {
    await this.#session.release();
  }

  async fetch(request: Request) {
    return `${await this.predict(Float32Array.from((await request.json()) as number[]))}\n`;
  }

  predict = async (image: Float32Array): Promise<number> => {
    const [digit] = await this.classify([image]);
    return digit ?? -1;
  };

  async classify(images: readonly Float32Array[]): Promise<number[]> {
    const pixels = new Float32Array(images.length * PIXELS);
    images.forEach((image, n) => pixels.set(image, n * PIXELS));
    const { Tensor } = this.#runtime;
    const output = await this.#session.run({ pixels: new Tensor("float32", pixels, [images.length, PIXELS]) });
    const scores = output["probabilities"]?.data as Float32Array;
    return images.map((_, n) => {
      const row = scores.subarray(n * CLASSES, (n + 1) * CLASSES);
      return row.indexOf(Math.max(...row));
    });
  }
}

class Fixed extends Digits {
  override predict = batch((images: Float32Array[]) => this.classify(images), {
    maxBatchSize: 32,
    batchWaitTimeoutS: 0.005,
  });
}

class Goal extends Digits {
  override predict = batch((images: Float32Array[]) => this.classify(images), {
    maxBatchSize: 64,
    targetLatencyS: 0.05,
  });
}

const options = { maxOngoingRequests: 200 };

export const none = deployment(Digits, options).bind();
export const fixed = deployment(Fixed, options).bind();
export const goal = deployment(Goal, options).bind();
