// From an import path to an application as data: imports the module, takes the export, runs an application builder.
//   R1  A module that reaches an unguarded `serve.run` is run as that call: its application, its name and prefix.
//   R2  An import that never settles is reported: at once when the process has nothing left to do, as plain Node would
//       end it; after a time limit when something else keeps it busy.
//   R3  Whatever is wrong is one line with the cure, and names what exists.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { store } from "../api/globals.ts";
import { type BoundApplication, buildApplicationSpec, isApplication } from "../api/graph.ts";
import { describePlace, type Reached } from "../api/registry.ts";
import type { Clock } from "../core/clock.ts";
import { ConfigError, describeThrown, isServeError, ServeError } from "../core/errors.ts";
import type { CodeEntry } from "../model/application-spec.ts";
import type { BuilderMethods, BuildResult } from "../protocol/control.ts";
import { explainImportError } from "./explain-import-error.ts";
import { type ImportPath, parseImportPath } from "../config/import-path.ts";

type BuildInput = BuilderMethods["build"]["in"];
type Exports = Readonly<Record<string, unknown>>;

/** An import that takes longer is reported, milliseconds. Chosen: far above loading a large framework on a slow disk. */
const IMPORT_LIMIT_MS = 60_000;

/**
 * Builds what an import path names. Imports it into this process, once: a process builds one order.
 * @throws {ServeError} CONFIG_INVALID (path, export, arguments), DEPLOY_FAILED (the user's code failed)
 */
export async function buildApplication(order: BuildInput, clock: Clock): Promise<BuildResult> {
  store.registry.mode = "builder";
  const path = parseImportPath(order.importPath);
  const file = findFile(path.module, order.workingDir);
  const found = await importOrReach(file, clock);
  if ("reached" in found) return fromRun(found.reached, order);
  const { app, entry } = await takeExport(file, path, found.exports, order);
  const { name = "default", routePrefix = "/", workingDir } = order;
  return { applications: [buildApplicationSpec(app, { name, routePrefix, workingDir, entry })] };
}

function findFile(module: string, workingDir: string): string {
  const file = resolve(workingDir, module);
  if (existsSync(file)) return file;
  const twins = [
    file.replace(/\.([cm]?)js$/, ".$1ts"),
    file.replace(/\.([cm]?)ts$/, ".$1js"),
    `${file}.ts`,
    `${file}.js`,
  ];
  const twin = twins.find((one) => one !== file && existsSync(one));
  const expected =
    twin === undefined ? `an existing file, relative to ${workingDir}` : `an existing file; there is ${twin}`;
  throw new ConfigError({ path: "import path", received: `${module} (no file ${file})`, expected });
}

/** Imports a module; or tells that it reached `serve.run`, after which its import need not end (R1). */
async function importOrReach(file: string, clock: Clock): Promise<{ exports: Exports } | { reached: Reached }> {
  const { promise: stuck, reject } = Promise.withResolvers<never>();
  const fail = (when: string): void => {
    const message = `importing ${file} ${when}: an \`await\` at its top level never settles`;
    reject(new ServeError("DEPLOY_FAILED", message, { file }));
  };
  const onIdle = (): void => fail("cannot end");
  const seconds = IMPORT_LIMIT_MS / 1000;
  const cancelLimit = clock.after(IMPORT_LIMIT_MS, () => fail(`has not ended after ${seconds} s`), true);
  process.once("beforeExit", onIdle); // R2
  try {
    return await Promise.race([
      store.registry.reached.then((reached) => ({ reached })),
      (import(pathToFileURL(file).href) as Promise<Exports>).then(
        (exports) => ({ exports }),
        (reason: unknown) => Promise.reject(isServeError(reason) ? reason : explainImportError(file, reason)),
      ),
      stuck,
    ]);
  } finally {
    cancelLimit();
    process.off("beforeExit", onIdle);
  }
}

function fromRun({ call, place, applications }: Reached, order: BuildInput): BuildResult {
  if (applications.length === 0) {
    const text = `${describePlace(place)} calls \`${call}\` while it is imported; guard the call with \`if (import.meta.main)\``;
    throw new ServeError("DEPLOY_FAILED", text);
  }
  if (Object.keys(order.args).length > 0) throw argsForApplication(order.importPath, order.args);
  const only = applications.length === 1;
  const specs = applications.map(({ app, name, routePrefix, shared }) =>
    buildApplicationSpec(app as BoundApplication, {
      name: (only ? order.name : undefined) ?? name,
      routePrefix: only && order.routePrefix !== undefined ? order.routePrefix : routePrefix,
      shared,
      workingDir: order.workingDir,
    }),
  );
  return { applications: specs };
}

async function takeExport(
  file: string,
  path: ImportPath,
  exports: Exports,
  { args }: BuildInput,
): Promise<{ app: BoundApplication; entry: CodeEntry }> {
  const exportName = path.exportName ?? defaultExport(file, exports);
  const value = exports[exportName];
  if (isApplication(value)) {
    if (Object.keys(args).length === 0) return { app: value, entry: { file, exportName, args: null } };
    throw argsForApplication(`${file}:${exportName}`, args);
  }
  if (typeof value !== "function") {
    const received =
      exportName in exports
        ? `export ${exportName}, which is neither an application nor a function`
        : `unknown export ${exportName}`;
    throw new ConfigError({ path: file, received, expected: listCandidates(exports) });
  }
  return {
    app: await runBuilder(file, exportName, value as (args: unknown) => unknown, args),
    entry: { file, exportName, args },
  };
}

function argsForApplication(path: string, args: BuildInput["args"]): ConfigError {
  return new ConfigError({
    path,
    received: `arguments ${Object.keys(args).join(", ")}`,
    expected: "none, because it is an application; arguments need a function `(args) => Application`",
  });
}

function defaultExport(file: string, exports: Exports): string {
  const usual = ["app", "default"].find((name) => isCandidate(exports[name]));
  if (usual !== undefined) return usual;
  const applications = Object.keys(exports).filter((name) => isApplication(exports[name]));
  if (applications[0] !== undefined && applications.length === 1) return applications[0];
  const received = `no export named, and ${applications.length === 0 ? "none is" : `${applications.length} are`} an application`;
  throw new ConfigError({ path: file, received, expected: listCandidates(exports) });
}

function isCandidate(value: unknown): boolean {
  return isApplication(value) || typeof value === "function";
}

function listCandidates(exports: Exports): string {
  const names = Object.keys(exports).filter((name) => isCandidate(exports[name]));
  if (names.length > 0) return `one of the exports ${names.join(", ")}`;
  return "an export that is an application, such as `export const app = deployment(Model).bind()`";
}

async function runBuilder(
  file: string,
  name: string,
  builder: (args: unknown) => unknown,
  args: BuildInput["args"],
): Promise<BoundApplication> {
  let app: unknown;
  try {
    app = await builder(args);
  } catch (reason) {
    if (isServeError(reason)) throw reason;
    throw new ServeError(
      "DEPLOY_FAILED",
      `the builder ${file}:${name} threw ${describeThrown(reason)}`,
      {},
      { cause: reason },
    );
  }
  if (isApplication(app)) return app;
  throw new ConfigError({
    path: `${file}:${name}`,
    received: `a function that returned ${app === null ? "null" : typeof app}`,
    expected: "a function that returns an application: what `deployment(...).bind(...)` returns",
  });
}
