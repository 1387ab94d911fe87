// What an editor shows: the text over a name, as TypeScript's language service gives it. A type may be right and still
// be unreadable; this is where that is seen.
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/lib/root.ts";

const file = path.join(root, "tests/types/displayed.virtual.ts");
const source = `
import { deployment, serve, type Handle } from "manta-serve";

class Adder {
  readonly #increment: number;
  constructor(increment: number) { this.#increment = increment; }
  add(value: number) { return value + this.#increment; }
  async *tokens(count: number) { for (let i = 0; i < count; i++) yield \`t\${i}\`; }
  checkHealth() {}
}
class Ingress {
  readonly adder: Handle<Adder>;
  constructor(adder: Handle<Adder>) { this.adder = adder; }
}
const adderDeployment = deployment(Adder);
const one = adderDeployment.bind(1);
const app = deployment(Ingress).bind(one);
const handle = await serve.run(one);
const sum = handle.add(1);
const stream = handle.tokens(2);
const hello = await serve.run(deployment((name: string) => "hello " + name, { name: "hello" }).bind());
handle./*members*/add;
export { app, sum, stream };
`;

/** A language service over the tree, with `source` as one more file. */
function openService(): ts.LanguageService {
  const config = ts.getParsedCommandLineOfConfigFile(path.join(root, "tests/types/tsconfig.json"), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: () => undefined,
  });
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => config?.options ?? {},
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const text = name === file ? source : ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  };
  return ts.createLanguageService(host);
}

const service = openService();

/** The text shown over the last character of the first `text`. */
function shown(text: string): string {
  const at = source.indexOf(text) + text.length - 1;
  return ts.displayPartsToString(service.getQuickInfoAtPosition(file, at)?.displayParts);
}

describe("the text over a name", () => {
  it("is the deployment with its class and arguments", () => {
    expect(shown("const adderDeployment")).toBe("const adderDeployment: Deployment<Adder, [increment: number]>");
  });

  it("is the application with its class", () => {
    expect(shown("const one")).toBe("const one: Application<Adder>");
    expect(shown("const app")).toBe("const app: Application<Ingress>");
  });

  it("is the handle with its class", () => {
    expect(shown("const handle")).toBe("const handle: Handle<Adder>");
  });

  it("is what a call gives", () => {
    expect(shown("const sum")).toBe("const sum: DeploymentResponse<number>");
    expect(shown("const stream")).toBe("const stream: DeploymentResponseStream<string>");
  });

  it("is the method's own signature, with the names of its parameters", () => {
    expect(shown("handle.add")).toBe(
      "(property) add: (value: number | DeploymentResponse<number>) => DeploymentResponse<number>",
    );
    expect(shown("const hello")).toBe("const hello: Handle<(name: string) => string>");
  });

  it("offers methods and `options`, and nothing of the lifecycle", () => {
    const at = source.indexOf("/*members*/") + "/*members*/".length;
    const names = service.getCompletionsAtPosition(file, at, undefined)?.entries.map((entry) => entry.name);
    expect(names?.toSorted()).toEqual(["add", "options", "tokens"]);
  });
});
