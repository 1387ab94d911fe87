// Each example, started as a real process the way its header says, and asked over HTTP.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const DIGITS = join(ROOT, "examples/05-digits");
const TIMEOUT_MS = 60_000;

let home: string;
let child: ChildProcess | undefined;
let output: string[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "manta-ex-"));
  output = [];
});

afterEach(async ({ task }) => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "close");
  }
  child = undefined;
  await rm(home, { recursive: true, force: true });
  if (task.result?.state === "fail") process.stderr.write(`output of the example:\n${output.join("\n")}\n`);
});

/** Starts a program of the working tree in an instance of its own; its lines are kept in `output`. */
function start(script: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  child = spawn(process.execPath, ["--conditions=@manta-serve/source", script, ...args], {
    cwd: ROOT,
    env: { ...process.env, MANTA_HOME: home, MANTA_NAMESPACE: "examples", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream! }).on("line", (line) => output.push(line));
  return child;
}

async function exitCode(running: ChildProcess): Promise<number | null> {
  if (running.exitCode === null && running.signalCode === null) await once(running, "close");
  return running.exitCode;
}

/** Runs `manta run <example>`, hands its URL to `use`, ends it as a user does, and expects a clean end. */
async function withExample(path: string, use: (url: URL) => Promise<void>): Promise<void> {
  const running = start("src/cli/main.ts", ["run", path, "--http-port", "0", "--admin-port", "0", "--json"]);
  await use(await readyUrl(running));
  running.kill("SIGINT");
  expect(await exitCode(running)).toBe(0);
}

/** The URL in the one line of JSON that `--json` prints; rejects at once when the program ends before it. */
function readyUrl(running: ChildProcess): Promise<URL> {
  const { promise, resolve, reject } = Promise.withResolvers<URL>();
  createInterface({ input: running.stdout! }).on("line", (line) => {
    if (line.startsWith("{")) resolve(new URL((JSON.parse(line) as { url: string }).url));
  });
  running.once("close", (code) => reject(new Error(`ended with ${code} before it was ready`)));
  return promise;
}

function post(url: URL, body: unknown): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

describe("examples", { timeout: TIMEOUT_MS }, () => {
  it("01-hello greets by name, as text", async () => {
    await withExample("examples/01-hello/app.ts", async (url) => {
      const response = await fetch(new URL("?name=Ada", url));
      expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      expect(await response.text()).toBe("Hello, Ada!\n");
    });
  });

  it("02-compose averages what two adders answer, and refuses what is no number", async () => {
    await withExample("examples/02-compose/app.ts", async (url) => {
      expect(await (await post(url, { val: 10 })).json()).toEqual({ result: 11.5 });
      const refused = await post(url, { val: "ten" });
      expect([refused.status, await refused.json()]).toEqual([400, { error: "val: expected a number" }]);
    });
  });

  it("03-stream sends a page and its events one by one, and stops writing when the reader leaves", async () => {
    await withExample("examples/03-stream/app.ts", async (url) => {
      const readers = async () =>
        ((await (await fetch(new URL("readers", url))).json()) as { readers: number }).readers;
      const page = await fetch(url);
      expect(page.headers.get("content-type")).toContain("text/html");
      expect(await page.text()).toContain("new EventSource(");

      const leaving = new AbortController();
      const events = await fetch(new URL("events?topic=tides", url), { signal: leaving.signal });
      expect(events.headers.get("content-type")).toContain("text/event-stream");
      const first = await events.body!.getReader().read();
      expect(new TextDecoder().decode(first.value)).toContain('data: {"n":1,"token":"About"}\n\n');
      expect(await readers()).toBe(1);
      leaving.abort();
      await expect.poll(readers, { timeout: 2000 }).toBe(0);

      const whole = await (await fetch(new URL("events?topic=tides", url))).text();
      expect(whole.match(/^data: \{"n":/gm)!.length).toBeGreaterThan(50);
      expect(whole.endsWith('event: done\ndata: {"topic":"tides"}\n\n')).toBe(true);
    });
  });

  it("04-hono routes, validates, and turns an error of another deployment into an answer", async () => {
    await withExample("examples/04-hono/app.ts", async (url) => {
      const order = async (body: unknown) => {
        const response = await post(new URL("orders", url), body);
        return [response.status, await response.json()];
      };
      expect(await order({ item: "lamp", count: 2 })).toEqual([201, { item: "lamp", count: 2, left: 1 }]);
      expect(await order({ item: "lamp", count: 2 })).toEqual([409, { error: "only 1 of lamp left", left: 1 }]);
      expect(await order({ item: "lamp", count: 0 })).toEqual([400, { error: "count: expected an integer above 0" }]);
      expect(await (await fetch(new URL("stock/lamp", url))).json()).toEqual({ item: "lamp", left: 1 });
      expect((await fetch(new URL("stock/sofa", url))).status).toBe(404);
      expect((await fetch(new URL("nowhere", url))).status).toBe(404);
    });
  });

  it("05-digits classifies one image or several, and says what is wrong with others", async () => {
    const { images, labels } = JSON.parse(await readFile(join(DIGITS, "held-out.json"), "utf8")) as {
      images: number[][];
      labels: number[];
    };
    await withExample("examples/05-digits/app.ts", async (url) => {
      const classify = async (body: unknown) => (await post(new URL("classify", url), body)).json();
      expect(await (await fetch(url)).text()).toContain("<canvas");
      expect(await classify({ image: images[0] })).toMatchObject({ digit: labels[0], probabilities: { length: 10 } });
      const { predictions } = (await classify({ images: images.slice(0, 5) })) as { predictions: { digit: number }[] };
      expect(predictions.map(({ digit }) => digit)).toEqual(labels.slice(0, 5));
      expect(await classify({ image: [1, 2] })).toEqual({
        error: "image: expected 64 integers (8 rows of 8), received 2",
      });
      expect(await classify({ images: [images[0]!.with(3, 17)] })).toEqual({
        error: "images[0][3]: expected an integer from 0 to 16, received 17",
      });
      expect(await classify([])).toEqual({
        error: 'expected {"image": [64 integers]} or {"images": [[64 integers], ...]}',
      });
    });
  });

  it("the quickstart measures its accuracy over HTTP and ends by itself with --once", async () => {
    expect(await quickstartAccuracy()).toBeGreaterThanOrEqual(0.95);
    expect(output.filter((line) => /^ *\d+ ms {2}replica Classifier /.test(line))).toHaveLength(2);
    expect(output.join("\n")).toMatch(/: \d+ requests per second\naccuracy: .*\ncurl http/);
  });

  it("the quickstart's accuracy comes from the model: with zeroed weights it guesses", async () => {
    const model = join(home, "zeroed.onnx");
    await writeFile(model, zeroWeights(await readFile(join(DIGITS, "model.onnx"))));
    expect(await quickstartAccuracy({ DIGITS_MODEL: model })).toBeLessThan(0.2);
  });
});

async function quickstartAccuracy(env: Record<string, string> = {}): Promise<number> {
  const running = start("examples/05-digits/quickstart.ts", ["--once", "--http-port", "0"], env);
  expect(await exitCode(running)).toBe(0);
  const line = output.find((each) => each.startsWith("accuracy"));
  const [, accuracy, right, all] = /^accuracy: (\d\.\d{3}) \((\d+) of (\d+)\)$/.exec(line ?? "") ?? [];
  expect(Number(accuracy)).toBeCloseTo(Number(right) / Number(all), 3);
  expect(all).toBe("359");
  return Number(accuracy);
}

/** The same network with both weight matrices at 0: in the file each is protobuf field 9 (`raw_data`), a length, then its bytes. */
function zeroWeights(model: Buffer): Buffer {
  const zeroed = Buffer.from(model);
  const matrices = [
    { header: Buffer.from([0x4a, 0x80, 0x80, 0x01]), bytes: 64 * 64 * 4 },
    { header: Buffer.from([0x4a, 0x80, 0x14]), bytes: 64 * 10 * 4 },
  ];
  for (const { header, bytes } of matrices) {
    const at = model.indexOf(header);
    expect(at).toBeGreaterThan(-1);
    expect(model.indexOf(header, at + 1)).toBe(-1);
    zeroed.fill(0, at + header.length, at + header.length + bytes);
  }
  return zeroed;
}
