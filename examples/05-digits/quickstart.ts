// `npm run quickstart`: starts the digits application, says when each process is up, has it classify all held-out
// images over HTTP, and compares the answers with the truth. Everything it prints about quality and speed comes from
// HTTP answers. Then it stays up until Ctrl-C.
//
//   npm run quickstart
//   npm run quickstart -- --once --http-port 0            # ends after the measurement; any free port
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { serve } from "manta-serve";
import { app, type Image, type Prediction } from "./app.ts";

const USAGE = `usage: npm run quickstart -- [--once] [--http-port <port>]

  --once              end after the measurement instead of staying up until Ctrl-C
  --http-port <port>  where to listen (default 8000; 0 takes any free port)
  --help              this text`;

const APPLICATION = "digits";
const CONCURRENCY = 8;
const ROWS = 8;
const PICTURES = 4;
const POLL_MS = 15;

interface HeldOut {
  readonly images: readonly Image[];
  readonly labels: readonly number[];
}

type Status = Awaited<ReturnType<typeof serve.status>>;

/** One line: milliseconds since this process started, which is what a person at the terminal waits for. */
function printUp(what: string, detail: string): void {
  console.log(`${performance.now().toFixed(0).padStart(6)} ms  ${what.padEnd(34)}  ${detail}`);
}

/** Prints each process when it is first seen up, until `ended` settles. */
async function printProgress(ended: Promise<unknown>): Promise<void> {
  const seen = new Set<string>();
  let over = false;
  const stop = () => {
    over = true;
  };
  ended.then(stop, stop);
  for (;;) {
    const last = over; // one more look after the end, so that nothing that came up is missing
    for (const { name, pid } of processesUp(await serve.status())) {
      if (!seen.has(name)) printUp(name, `pid ${pid}`);
      seen.add(name);
    }
    if (last) return;
    await sleep(POLL_MS);
  }
}

function processesUp(status: Status): { name: string; pid: number | null }[] {
  const deployments = Object.values(status.applications[APPLICATION]?.deployments ?? {});
  return [
    ...Object.values(status.proxies)
      .filter((proxy) => proxy.status === "HEALTHY")
      .map(({ pid }) => ({ name: "proxy", pid })),
    ...deployments.flatMap(({ name, replicas }) =>
      replicas
        .filter((replica) => replica.state === "RUNNING")
        .map(({ replicaId, pid }) => ({ name: `replica ${name} ${replicaId}`, pid })),
    ),
  ];
}

async function classify(url: string, image: Image): Promise<Prediction> {
  const response = await fetch(new URL("classify", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ image }),
  });
  if (!response.ok) throw new Error(`POST ${response.url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Prediction;
}

/** One request an image, `CONCURRENCY` at a time; answers in the order of the images. */
async function classifyAll(url: string, images: readonly Image[]): Promise<Prediction[]> {
  const answers: Prediction[] = [];
  const rest = images.entries();
  const worker = async () => {
    for (const [index, image] of rest) answers[index] = await classify(url, image);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return answers;
}

/** The first images, and instead of the last of them the first that was read wrongly. */
function chooseRows(labels: readonly number[], answers: readonly Prediction[]): number[] {
  const wrong = answers.findIndex((answer, index) => answer.digit !== labels[index]);
  const rows = Array.from({ length: ROWS }, (_, index) => index);
  return wrong < ROWS ? rows : [...rows.slice(0, -1), wrong];
}

/** Images side by side, two characters a pixel, each with the truth and the answer below it. */
function drawPictures(rows: readonly number[], { images, labels }: HeldOut, answers: readonly Prediction[]): string {
  const shade = (ink: number) => (" .:-=+*#@"[Math.round(ink / 2)] ?? " ").repeat(2);
  const line = (index: number, y: number) =>
    (images[index] ?? [])
      .slice(y * 8, y * 8 + 8)
      .map(shade)
      .join("");
  const lines = Array.from({ length: 8 }, (_, y) => rows.map((index) => line(index, y)).join("    "));
  const captions = rows.map((index) => `is ${labels[index]}, read as ${answers[index]?.digit}`.padEnd(16));
  return [...lines, "", captions.join("    ")].map((text) => text.trimEnd()).join("\n");
}

function drawTable(rows: readonly number[], { labels }: HeldOut, answers: readonly Prediction[]): string {
  const lines = rows.map((index) => {
    const { digit, probabilities } = answers[index]!;
    const sure = `${((probabilities[digit] ?? 0) * 100).toFixed(1)} %`;
    const cells = [
      String(index).padStart(5),
      String(labels[index]).padStart(5),
      String(digit).padStart(6),
      sure.padStart(7),
    ];
    return [...cells, ...(digit === labels[index] ? [] : ["wrong"])].join("  ");
  });
  return ["image  truth  answer     sure", ...lines].join("\n");
}

async function measure(url: string, heldOut: HeldOut): Promise<void> {
  const { images, labels } = heldOut;
  const began = performance.now();
  const answers = await classifyAll(url, images);
  const seconds = (performance.now() - began) / 1000;
  const rows = chooseRows(labels, answers);
  const right = answers.filter((answer, index) => answer.digit === labels[index]).length;
  const rate = (images.length / seconds).toFixed(0);
  console.log(`\n${drawPictures(rows.slice(-PICTURES), heldOut, answers)}\n\n${drawTable(rows, heldOut, answers)}`);
  console.log(
    `\n${images.length} requests in ${seconds.toFixed(2)} s, ${CONCURRENCY} at a time: ${rate} requests per second`,
  );
  console.log(`accuracy: ${(right / images.length).toFixed(3)} (${right} of ${images.length})`);
}

function printCurl(url: string, image: Image): void {
  console.log(`curl ${new URL("classify", url).href} -d '{"image":[${image.join(",")}]}'`);
  console.log(`curl ${new URL("-/routes", url).href}`);
}

function parseFlags(): { once: boolean; help: boolean; port: number } {
  const { values } = parseArgs({
    options: {
      once: { type: "boolean", default: false },
      "http-port": { type: "string", default: "8000" },
      help: { type: "boolean", default: false },
    },
  });
  const port = Number(values["http-port"]);
  if (!/^\d{1,5}$/.test(values["http-port"]) || port > 65_535) {
    throw new Error(`--http-port: expected a port from 0 to 65535, received ${values["http-port"]}`);
  }
  return { once: values.once, help: values.help, port };
}

async function quickstart(port: number, once: boolean): Promise<void> {
  const heldOut = JSON.parse(await readFile(join(import.meta.dirname, "held-out.json"), "utf8")) as HeldOut;
  // A namespace of its own: ending the quickstart never ends anybody else's applications.
  await serve.start({ namespace: process.env["MANTA_NAMESPACE"] ?? "quickstart", http: { port } });
  const { admin } = await serve.status();
  printUp("head", admin === null ? "" : `admin and metrics at ${admin.url}`);
  const running = serve.run(app, { name: APPLICATION });
  await Promise.all([running, printProgress(running)]);
  const { http } = await serve.status();
  if (http === null) throw new Error("no proxy listens");
  printUp("ready", http.url);
  await measure(http.url, heldOut);
  printCurl(http.url, heldOut.images[0]!);
  if (once) await serve.shutdown();
  else console.log(`\nDraw your own at ${http.url}. Ctrl-C stops everything.`);
}

/** Manta's errors name the cause and the cure in their message; a stack would hide it. What was started ends with this process. */
function fail(error: unknown, exitCode: number, hint = ""): never {
  console.error(`${error instanceof Error ? error.message : String(error)}${hint}`);
  process.exit(exitCode);
}

try {
  const { once, help, port } = parseFlags();
  if (help) console.log(USAGE);
  else await quickstart(port, once).catch((error: unknown) => fail(error, 1));
} catch (error) {
  fail(error, 2, `\n\n${USAGE}`);
}
