// `manta run --reload`: what is saved is served.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cli, FREE_PORTS, Place, Project } from "./cli.ts";

let place: Place;
let project: Project;

beforeEach(() => {
  place = new Place();
  project = new Project();
  place.cwd = project.folder;
  project.write("word.ts", 'export const word = "hello";\n');
  project.write("app.ts", app("`${word} 1`"));
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") process.stderr.write(`${place.output()}\n`);
  await place.close();
  project.close();
});

/** An application that answers what an expression says. */
const app = (answer: string, imports = 'import { word } from "./word.ts";\n'): string =>
  `import { deployment } from "manta-serve";\n${imports}
class Hello {
  async *slow() { yield "old "; await new Promise((resolve) => setTimeout(resolve, 1500)); yield "code"; }
  fetch(request: Request) { return request.url.endsWith("slow") ? this.slow() : ${answer}; }
}
export const app = deployment(Hello).bind();\n`;

const text = async (url: string | URL): Promise<string> => (await fetch(url)).text();
const WAIT = { timeout: 15_000, interval: 20 };
const reloads = (run: Cli, how = "reloaded in"): number => run.stderr.split(how).length - 1;

async function start(...args: string[]): Promise<{ run: Cli; url: string }> {
  const run = place.manta("run", ...args, "--reload", "--json", ...FREE_PORTS);
  return { run, url: (await run.ready()).url };
}

describe("manta run --reload", () => {
  it("serves what is saved: the file, what it imports, an editor's new file in its place, a new import", async () => {
    const { run, url } = await start("app.ts");
    expect(await text(url)).toBe("hello 1");
    project.write("app.ts", app("`${word} 2`"));
    await expect.poll(() => text(url), WAIT).toBe("hello 2");
    project.replace("word.ts", 'export const word = "hi";\n');
    await expect.poll(() => text(url), WAIT).toBe("hi 2");
    await expect.poll(() => run.stderr, WAIT).toMatch(/reloaded in \d+ ms: app.ts\nreloaded in \d+ ms: word.ts\n/);
    project.write("more.ts", "export const more = 3;\n");
    project.write("app.ts", app("`new ${more}`", 'import { more } from "./more.ts";\n'));
    await expect.poll(() => text(url), WAIT).toBe("new 3");
    project.write("more.ts", "export const more = 4;\n");
    await expect.poll(() => text(url), WAIT).toBe("new 4");
    expect((await run.interrupt()).code).toBe(0);
    await expect.poll(() => place.processes(), WAIT).toEqual([]);
  });

  it("makes one deploy of several saves at a time, and none of a file that did not change", async () => {
    const { run, url } = await start("app.ts");
    for (let count = 1; count <= 5; count++) project.write("word.ts", `export const word = "burst${count}";\n`);
    await expect.poll(() => text(url), WAIT).toBe("burst5 1");
    await expect.poll(() => reloads(run), WAIT).toBe(1);
    project.replace("word.ts", 'export const word = "burst5";\n');
    project.write("beside.ts", "// nobody imports this\n");
    project.write("app.ts", app("`${word} last`"));
    await expect.poll(() => text(url), WAIT).toBe("burst5 last");
    await expect.poll(() => reloads(run), WAIT).toBe(2);
  });

  it("says what is wrong with a save, and the old version serves until it is mended", async () => {
    const { run, url } = await start("app.ts");
    project.write("app.ts", app("`${word"));
    await expect
      .poll(() => run.stderr, WAIT)
      .toMatch(/reload failed after \d+ ms \(app.ts\), the old version serves: .*app.ts/);
    expect(await text(url)).toBe("hello 1");
    project.write("app.ts", app("`${word} mended`"));
    await expect.poll(() => text(url), WAIT).toBe("hello mended");
    project.write("app.ts", app("`${word}`", 'import { word } from "./later.ts";\n'));
    await expect.poll(() => reloads(run, "reload failed"), WAIT).toBe(2);
    project.write("later.ts", 'export const word = "it came";\n');
    await expect.poll(() => text(url), WAIT).toBe("it came");
  });

  it("lets open streams end on the old code", async () => {
    const { url } = await start("app.ts");
    const stream = (await fetch(new URL("slow", url))).body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await stream.read()).value).toBe("old ");
    project.write("app.ts", app('"new"').replace('"code"', '"other"'));
    await expect.poll(() => text(url), WAIT).toBe("new");
    expect((await stream.read()).value).toBe("code");
    expect((await stream.read()).done).toBe(true);
  });

  it("waits for a save when the first version does not come up", async () => {
    project.write("app.ts", app("`${word"));
    const run = place.manta("run", "app.ts", "--reload", ...FREE_PORTS);
    await expect.poll(() => run.stderr, WAIT).toContain("waiting for a save");
    project.write("app.ts", app("word"));
    await expect.poll(() => run.stdout, WAIT).toMatch(/default runs at http/);
    expect((await run.interrupt()).code).toBe(0);
  });

  it("deploys a config file again when it is saved, and when its code is", async () => {
    const config = (prefix: string): string =>
      `http_options: {host: 127.0.0.1}\napplications:\n- {name: shop, route_prefix: ${prefix}, import_path: "./app.ts:app"}\n`;
    project.write("manta.yaml", config("/a"));
    const { url } = await start();
    expect(new URL(url).pathname).toBe("/a");
    project.write("word.ts", 'export const word = "hi";\n');
    await expect.poll(() => text(url), WAIT).toBe("hi 1");
    project.write("manta.yaml", config("/b"));
    await expect.poll(() => text(new URL("/b", url)), WAIT).toBe("hi 1");
  });
});
