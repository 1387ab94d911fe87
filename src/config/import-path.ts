// Reads import paths (api.md section 3). Pure text; whether the file exists is seen later.
import { ConfigError } from "../core/errors.ts";

/** Where an application is looked for. */
export interface ImportPath {
  /** As written, without the export. */
  readonly module: string;
  /** Null: `app`, `default`, else the only application. */
  readonly exportName: string | null;
}

/**
 * Reads `path/to/file.ts:export` or `path/to/file.ts`. A module of ours contains `/` or ends in `.ts .mts .js .mjs`.
 * @throws {ConfigError} anything else, Python's `package.module:attribute` included
 */
export function parseImportPath(text: string): ImportPath {
  const colon = text.lastIndexOf(":");
  const hasExport = colon > text.lastIndexOf("/");
  const module = hasExport ? text.slice(0, colon) : text;
  const exportName = hasExport ? text.slice(colon + 1) : null;
  const isFile = module.includes("/") || /\.(?:ts|mts|js|mjs)$/.test(module);
  if (isFile && !module.endsWith("/") && exportName !== "") return { module, exportName };
  const python = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_]\w*)?$/.test(text);
  throw new ConfigError({
    path: "import path",
    received: `${JSON.stringify(text)}${python ? ", which names a Python module; this version runs no Python yet" : ""}`,
    expected: "a TypeScript or JavaScript file and an export, such as ./app.ts:app",
  });
}
