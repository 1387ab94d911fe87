// One line with the cure for what goes wrong when Node imports a user's file (api.md section 3). The texts of Node's
// errors are matched where it gives no code; what is not known is passed on as it is.
import { existsSync, readFileSync } from "node:fs";
import { resolve, dirname } from "node:path";
import { describeThrown, ServeError } from "../core/errors.ts";

/** @param file the module that was imported; the fault may lie in one that it imports */
export function explainImportError(file: string, reason: unknown): ServeError {
  const found = placeOf(reason);
  const place = found ?? file;
  const cure =
    missingFile(reason) ??
    typesInNodeModules(reason) ??
    notErasable(reason) ??
    decorator(reason, file) ??
    missingType(reason, place) ??
    notAModule(reason);
  const thrown = found === undefined ? describeThrown(reason) : `${found}: ${describeThrown(reason)}`;
  const message = cure === undefined ? `importing ${file} failed: ${thrown}` : `${place}: ${cure}`;
  return new ServeError("DEPLOY_FAILED", message, { file }, { cause: reason });
}

/** `file:line` of a syntax error: V8 puts it on the first line of the stack. */
function placeOf(reason: unknown): string | undefined {
  if (!(reason instanceof SyntaxError)) return undefined;
  const [, place] = /^(?:file:\/\/)?(\/.*:\d+)$/m.exec(reason.stack ?? "") ?? [];
  return place === undefined ? undefined : decodeURIComponent(place);
}

const MISSING = /^(?:Cannot find (?:module|package)|Directory import) '(.+?)' .*?imported from (.+)$/;
/** How aliases of a tsconfig begin, which Node takes for packages. */
const ALIAS = /^(?:[@~]|src)(?:\/|$)/;

function missingFile(reason: unknown): string | undefined {
  const [, missing, importer] = MISSING.exec(textOf(reason)) ?? [];
  if (missing === undefined || importer === undefined) return undefined;
  const imports = `${importer} imports ${missing}`;
  if (ALIAS.test(missing)) {
    return `${imports}: Node does not read "paths" of tsconfig.json; write a relative path, or a name with # from "imports" of package.json`;
  }
  if (!missing.startsWith("/"))
    return `package ${missing} is not installed (imported by ${importer}); run npm install ${missing}`;
  const sources = [missing.replace(/\.([cm]?)js$/, ".$1ts"), `${missing}.ts`, `${missing}/index.ts`];
  const source = sources.find((candidate) => candidate !== missing && existsSync(candidate));
  const meant = source === undefined ? "" : `; the file is ${source}: write its whole name in the import`;
  return `${imports}, which is no file${meant}`;
}

function typesInNodeModules(reason: unknown): string | undefined {
  if (codeOf(reason) !== "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING") return undefined;
  const [, file] = /"(.+)"/.exec(textOf(reason)) ?? [];
  return `Node does not strip types below node_modules (${file ?? "a .ts file"}); import the package's compiled .js, or link the source from outside`;
}

function notErasable(reason: unknown): string | undefined {
  if (codeOf(reason) !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") return undefined;
  const [, what] = /^TypeScript (.+?) is not supported/.exec(textOf(reason)) ?? [];
  const instead =
    what === "enum"
      ? "; write a const object and a union of its values"
      : what === "parameter property"
        ? "; declare the field and assign it in the constructor"
        : "";
  return `${what ?? "this TypeScript syntax"} cannot be erased, and Node runs TypeScript by erasing types${instead}`;
}

/** V8 tells no place for it, so only the file itself is looked at. */
function decorator(reason: unknown, file: string): string | undefined {
  if (!(reason instanceof SyntaxError) || reason.message !== "Invalid or unexpected token") return undefined;
  const at = readOrEmpty(file)
    .split("\n")
    .findIndex((line) => /^\s*@[A-Za-z_$]/.test(line));
  if (at === -1) return undefined;
  return `line ${at + 1}: a decorator cannot be erased, and Node runs TypeScript by erasing types; call it as a function, or compile the file before`;
}

function missingType(reason: unknown, place: string): string | undefined {
  const [, specifier, name] =
    /^The requested module '(.+)' does not provide an export named '(.+)'$/.exec(textOf(reason)) ?? [];
  if (specifier === undefined || name === undefined || !specifier.startsWith(".")) return undefined;
  const source = readOrEmpty(resolve(dirname(place), specifier));
  if (!new RegExp(String.raw`\b(?:interface|type)\s+${name}\b`).test(source)) return undefined;
  return `${name} is a type: write \`import { type ${name} } from "${specifier}"\``;
}

/** `npm init` writes `"type": "commonjs"`, and Node then reads `.ts` and `.js` files as CommonJS. */
function notAModule(reason: unknown): string | undefined {
  if (!(reason instanceof SyntaxError)) return undefined;
  if (!/outside a module|Unexpected token 'export'/.test(reason.message)) return undefined;
  return 'Node reads this file as CommonJS; write "type": "module" into the nearest package.json (npm init leaves "commonjs" there), or name the file .mts';
}

function codeOf(reason: unknown): unknown {
  return typeof reason === "object" && reason !== null && "code" in reason ? reason.code : undefined;
}

function textOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
