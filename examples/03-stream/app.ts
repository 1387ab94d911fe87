// Streaming to a browser: Writer is an async generator in a process of its own, Page turns what it yields into
// Server-Sent Events. A reader that leaves ends the generator, two processes away; one that reads slowly slows it down.
// An open stream holds a slot of its replica, therefore both allow 100 at a time instead of 5.
//
//   npx manta-serve run examples/03-stream/app.ts         # then open http://127.0.0.1:8000/
//   curl -N 'http://127.0.0.1:8000/events?topic=tides'    # data: {"n":1,"token":"About"} ...
//   curl http://127.0.0.1:8000/readers                    # {"readers":0}
import { setTimeout as sleep } from "node:timers/promises";
import { deployment, requestContext, serve, sse, type Handle } from "manta-serve";

const TOKEN_EVERY_MS = 45;

/** Stands for a language model: what matters here is that words come one by one. */
const story = (
  topic: string,
) => `About ${topic}. Nothing on this page waited for the end of the text. Each word was made in another process,
crossed to the one that speaks HTTP, and reached you while the next was being made. Close the tab, and the writer stops in the middle of
a sentence, because the news that you left travels the same way back. Open ten tabs, and ten writers share one process.
Stop reading, and the writer waits for you, holding no more than a small window of text. That was ${topic}.`;

class Writer {
  #readers = 0;

  readers() {
    return this.#readers;
  }

  async *write(topic: string) {
    const { signal } = requestContext();
    this.#readers += 1;
    try {
      for (const [index, token] of story(topic).split(/\s+/).entries()) {
        await sleep(TOKEN_EVERY_MS, undefined, { signal }); // rejects at once when the reader leaves
        yield { n: index + 1, token };
      }
    } finally {
      this.#readers -= 1;
    }
  }
}

class Page {
  readonly #writer: Handle<Writer>;

  constructor(writer: Handle<Writer>) {
    this.#writer = writer;
  }

  async fetch(request: Request) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/":
        return new Response(HTML, { headers: { "content-type": "text/html; charset=utf-8" } });
      case "/events":
        return sse(this.#events(url.searchParams.get("topic") ?? "streams"));
      case "/readers":
        return { readers: await this.#writer.readers() };
      default:
        return new Response("Not found\n", { status: 404 });
    }
  }

  async *#events(topic: string) {
    yield* this.#writer.write(topic);
    yield sse.event({ event: "done", data: { topic } }); // a browser would connect again after a bare end
  }
}

const HTML = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Manta streams</title>
<style>
  :root { color-scheme: light dark; --ink: light-dark(#17222d, #e8eef3); --soft: light-dark(#5b6c7c, #93a4b3);
    --paper: light-dark(#f4f7f9, #0e151b); --card: light-dark(#fff, #17212a); --line: light-dark(#dce4ea, #283641); --sea: light-dark(#0a7288, #4cc3dc) }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--paper); color: var(--ink);
    font: 17px/1.6 system-ui, sans-serif }
  main { width: min(640px, 100%) }
  h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.02em }
  p { margin: 0; color: var(--soft) }
  form { display: flex; gap: 8px; margin: 24px 0 16px }
  input, button { font: inherit; padding: 10px 16px; border-radius: 10px; border: 1px solid var(--line) }
  input { flex: 1; min-width: 0; background: var(--card); color: inherit }
  button { cursor: pointer; background: var(--sea); border-color: var(--sea); color: light-dark(#fff, #06202a); font-weight: 600; min-width: 96px }
  :focus-visible { outline: 3px solid color-mix(in srgb, var(--sea) 45%, transparent); outline-offset: 1px }
  output { display: block; min-height: 15em; padding: 24px; border: 1px solid var(--line); border-radius: 14px; background: var(--card) }
  output span { animation: appear .3s ease-out }
  output.open::after { content: ""; display: inline-block; width: .5em; height: 1.1em; vertical-align: -.2em; background: var(--sea); animation: blink 1s steps(2) infinite }
  #state { margin-top: 10px; font-size: 14px; font-variant-numeric: tabular-nums }
  @keyframes appear { from { opacity: 0 } }
  @keyframes blink { to { opacity: 0 } }
  @media (prefers-reduced-motion: reduce) { * { animation: none !important } }
</style>
<main>
  <h1>One word at a time</h1>
  <p>Written by a generator in another process, sent as Server-Sent Events.</p>
  <form><input name="topic" value="manta rays" aria-label="Topic" maxlength="60" required><button>Write</button></form>
  <output aria-live="off"></output>
  <p id="state">Ready</p>
</main>
<script>
  const [form] = document.forms, output = document.querySelector("output"), state = document.querySelector("#state"), button = form.querySelector("button");
  let source;
  function stop(text) {
    source?.close();
    source = undefined;
    output.classList.remove("open");
    button.textContent = "Write";
    state.textContent = text;
  }
  form.onsubmit = (event) => {
    event.preventDefault();
    if (source) return stop("Stopped: the writer has been told");
    output.replaceChildren();
    output.classList.add("open");
    button.textContent = "Stop";
    const began = performance.now();
    source = new EventSource("events?" + new URLSearchParams(new FormData(form)));
    source.onmessage = ({ data }) => {
      const { n, token } = JSON.parse(data);
      output.append(Object.assign(document.createElement("span"), { textContent: token + " " }));
      state.textContent = n + " words in " + ((performance.now() - began) / 1000).toFixed(1) + " s";
    };
    source.addEventListener("done", () => stop(state.textContent + ", complete"));
    source.onerror = () => stop("The stream broke off");
  };
</script>
</html>
`;

const WriterDeployment = deployment(Writer, { maxOngoingRequests: 100 });

export const app = deployment(Page, { maxOngoingRequests: 100 }).bind(WriterDeployment.bind());

if (import.meta.main) await serve.run(app);
