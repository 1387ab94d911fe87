import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../core/clock.ts";
import { explainImportError } from "./explain-import-error.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "manta-builder-"));
  write("types.ts", "export interface Shape { side: number }\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function nodeError(code: string | undefined, message: string, stackHead?: string): Error {
  const error = stackHead === undefined ? new Error(message) : new SyntaxError(message);
  if (stackHead !== undefined) error.stack = `${stackHead}\n\nSyntaxError: ${message}`;
  return code === undefined ? error : Object.assign(error, { code });
}

describe("explainImportError", () => {
  const explain = (error: Error): string => explainImportError(join(folder, "app.ts"), error).message;

  it("says that an enum cannot be erased, where, and what to write", () => {
    const error = nodeError(
      "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
      "TypeScript enum is not supported in strip-only mode",
      "/x/app.ts:3",
    );
    expect(explain(error)).toBe(
      "/x/app.ts:3: enum cannot be erased, and Node runs TypeScript by erasing types; write a const object and a union of its values",
    );
  });

  it("says how a folder made by npm init becomes one of modules", () => {
    const error = nodeError(undefined, "Cannot use import statement outside a module", "/x/app.ts:1");
    expect(explain(error)).toContain('/x/app.ts:1: Node reads this file as CommonJS; write "type": "module"');
  });

  it("says which import of a type lacks the word type", () => {
    const error = nodeError(
      undefined,
      "The requested module './types.ts' does not provide an export named 'Shape'",
      `file://${folder}/app.ts:1`,
    );
    expect(explain(error)).toBe(
      `${folder}/app.ts:1: Shape is a type: write \`import { type Shape } from "./types.ts"\``,
    );
  });

  it("says that ./x.js means x.ts", () => {
    const error = nodeError(
      "ERR_MODULE_NOT_FOUND",
      `Cannot find module '${folder}/types.js' imported from ${folder}/app.ts`,
    );
    expect(explain(error)).toContain(`the file is ${folder}/types.ts: write its whole name in the import`);
  });

  it.each([
    ["types", "types.ts", "ERR_MODULE_NOT_FOUND", ["Cannot find module", "imported"]],
    [
      "parts",
      "parts/index.ts",
      "ERR_UNSUPPORTED_DIR_IMPORT",
      ["Directory import", "is not supported resolving ES modules imported"],
    ],
  ] as const)("says which file is meant by ./%s: %s", (name, source, code, [before, behind]) => {
    write("parts/index.ts", "");
    const error = nodeError(code, `${before} '${folder}/${name}' ${behind} from ${folder}/app.ts`);
    expect(explain(error)).toContain(`the file is ${folder}/${source}: write its whole name in the import`);
  });

  it.each(["@/model", "~", "src"])("says that paths of a tsconfig are nothing to Node, for %s", (name) => {
    const error = nodeError("ERR_MODULE_NOT_FOUND", `Cannot find package '${name}' imported from /x/app.ts`);
    expect(explain(error)).toContain(`/x/app.ts imports ${name}: Node does not read "paths" of tsconfig.json`);
  });

  it("says where a decorator stands, which Node does not", () => {
    write("decorated.ts", "class Cat {}\n\n@sealed\nexport class Dog {}\n");
    const error = nodeError(undefined, "Invalid or unexpected token", "SyntaxError: Invalid or unexpected token");
    expect(explainImportError(join(folder, "decorated.ts"), error).message).toBe(
      `${folder}/decorated.ts: line 3: a decorator cannot be erased, and Node runs TypeScript by erasing types; call it as a function, or compile the file before`,
    );
  });

  it("says that a package is not installed", () => {
    const error = nodeError("ERR_MODULE_NOT_FOUND", "Cannot find package 'hono' imported from /x/app.ts");
    expect(explain(error)).toContain("package hono is not installed (imported by /x/app.ts); run npm install hono");
  });

  it("says that types below node_modules are not stripped", () => {
    const error = nodeError(
      "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING",
      'Stripping types is currently unsupported for files under node_modules, for "/x/node_modules/p/i.ts"',
    );
    expect(explain(error)).toContain("Node does not strip types below node_modules (/x/node_modules/p/i.ts)");
  });

  it("says where a syntax error is, also in a module that the file imports", () => {
    const error = nodeError("ERR_INVALID_TYPESCRIPT_SYNTAX", "Unterminated string constant", "file:///x/lib.ts:7");
    expect(explain(error)).toBe(
      `importing ${folder}/app.ts failed: /x/lib.ts:7: SyntaxError: Unterminated string constant`,
    );
  });

  it("passes on what the user's own code threw", () => {
    expect(explain(new RangeError("boom"))).toBe(`importing ${folder}/app.ts failed: RangeError: boom`);
  });
});

describe("buildApplication", () => {
  const HEADER =
    'import { deployment, serve } from "manta-serve";\nclass Model { fetch() { return "x"; } }\nconst M = deployment(Model);\n';
  const build = async (importPath: string, args: Record<string, unknown> = {}) => {
    const { buildApplication } = await import("./build-application.ts");
    return buildApplication(
      { importPath, args, workingDir: folder, name: undefined, routePrefix: undefined },
      new ManualClock(),
    );
  };

  it("takes app, then default, then the only application, and records where it stands", async () => {
    write("usual.ts", `${HEADER}export const other = M.bind(); export const app = M.bind();`);
    const { applications } = await build("./usual.ts");
    expect(applications[0]).toMatchObject({ name: "default", routePrefix: "/", ingress: "Model", workingDir: folder });
    expect(applications[0]?.deployments[0]?.entry).toEqual({
      file: join(folder, "usual.ts"),
      exportName: "app",
      args: null,
    });
    write("only.ts", `${HEADER}export const something = M.bind(); export const number = 1;`);
    expect((await build("only.ts")).applications[0]?.deployments[0]?.entry.exportName).toBe("something");
  });

  it("runs a builder with the arguments and records them", async () => {
    write(
      "builder.ts",
      `${HEADER}export default async (args: { n: string }) => M.options({ numReplicas: Number(args.n) }).bind();`,
    );
    const { applications } = await build("./builder.ts", { n: "3" });
    expect(applications[0]?.deployments[0]?.options.numReplicas).toBe(3);
    expect(applications[0]?.deployments[0]?.entry.args).toEqual({ n: "3" });
  });

  const faults: readonly [string, string, string, RegExp][] = [
    [
      "an unknown export",
      "names.ts:nope",
      "export const one = M.bind(); export function two() {} export const three = 3;",
      /unknown export nope, expected one of the exports one, two/,
    ],
    [
      "an export that is neither",
      "neither.ts:three",
      "export const three = 3;",
      /neither an application nor a function/,
    ],
    [
      "a builder that returns something else",
      "wrong.ts:make",
      "export const make = () => 5;",
      /returned number, expected a function that returns an application/,
    ],
    [
      "a builder that throws",
      "throws.ts:make",
      'export const make = () => { throw new RangeError("no"); };',
      /threw RangeError: no/,
    ],
    ["a module that throws", "broken.ts", 'throw new Error("boom");', /importing .*broken\.ts failed: Error: boom/],
    [
      "several applications without a name",
      "two.ts",
      "export const one = M.bind(); export const two = M.bind();",
      /2 are an application, expected one of the exports one, two/,
    ],
  ];
  for (const [what, path, source, message] of faults) {
    it(`names ${what} in one line`, async () => {
      write(path.split(":")[0] as string, HEADER + source);
      await expect(build(path)).rejects.toThrow(message);
    });
  }

  it("names a missing file, and the one that was meant", async () => {
    await expect(build("./usual.js")).rejects.toThrow(/no file .*usual\.js.*there is .*usual\.ts/);
  });

  it("runs a file with an unguarded serve.run as that call (R1)", async () => {
    write(
      "script.ts",
      `${HEADER}await serve.run(M.bind(), { name: "mine", routePrefix: "/mine" });\nexport const never = 1;`,
    );
    const { applications } = await build("./script.ts:app");
    expect(applications).toHaveLength(1);
    expect(applications[0]).toMatchObject({ name: "mine", routePrefix: "/mine" });
    expect(applications[0]?.deployments[0]?.entry.exportName).toBeNull();
  });
});
