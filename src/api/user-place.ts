// Finds the user's file that leads to a call: what a replica has to import to meet that call again.
//   R1  The outermost file on the stack that is neither below node_modules nor part of this package.
//   R2  What no process could import again (stdin, --eval, a REPL) is told apart, with the cure.

/** A line of a file. */
export interface Place {
  /** Absolute path. */
  readonly file: string;
  readonly line: number;
}

/** A frame of a stack: `file` as V8 names it, a file URL or a path. */
export interface Frame {
  readonly file: string;
  readonly line: number;
}

/** Why no file was found, and what to do. */
export interface NoPlace {
  readonly received: string;
  readonly expected: string;
}

/** The user's file on a stack, innermost frame first (R1). `ownFolder` is where this package's code lies, as a path with a slash at its end. */
export function findPlace(stack: readonly Frame[], ownFolder: string): Place | NoPlace {
  let packaged: string | undefined;
  let unnamed = false;
  for (const { file, line } of stack.toReversed()) {
    const path = toPath(file);
    if (path === undefined) unnamed ||= /^\[|^REPL|^evalmachine|^data:/.test(file);
    else if (/\[(?:eval|stdin)\d*\]$/.test(path)) unnamed = true;
    else if (path.includes("/node_modules/")) packaged = isOwn(path, ownFolder) ? packaged : path;
    else if (!isOwn(path, ownFolder)) return { file: path, line };
  }
  if (unnamed)
    return {
      received: "code from stdin, --eval or a REPL",
      expected: "a module file that a replica can import; save the code as a .ts or .js file",
    };
  if (packaged !== undefined) {
    return {
      received: `code inside node_modules (${packaged})`,
      expected: "a file of your own that calls deployment(); import the class from the package and wrap it there",
    };
  }
  return { received: "no user file on the stack", expected: "deployment() called while one of your modules is loaded" };
}

function isOwn(path: string, ownFolder: string): boolean {
  return path.startsWith(ownFolder);
}

function toPath(file: string): string | undefined {
  if (file.startsWith("file://")) return decodeURIComponent(file.slice("file://".length).replace(/[?#].*$/, ""));
  return file.startsWith("/") ? file : undefined;
}

/** The folder with this package's running code, from the URL of one of its modules: up to the last `/src/` or `/dist/`. */
export function ownFolderOf(moduleUrl: string): string {
  const path = toPath(moduleUrl) ?? moduleUrl;
  const end = Math.max(path.lastIndexOf("/src/"), path.lastIndexOf("/dist/"));
  return path.slice(0, path.indexOf("/", end + 1) + 1);
}

const ownFolder = ownFolderOf(import.meta.url);
const ownUrl = `file://${encodeURI(ownFolder)}`;

/** Whether a line of a stack lies in this package or in Node, where users have nothing to look for. */
export function isInside(line: string): boolean {
  return /^\s*at /.test(line) && (line.includes("node:internal") || line.includes(ownUrl));
}

/** Where the user's code stands that leads to the running code. Async callers count, as far as V8 knows them. */
export function placeOfCaller(): Place | NoPlace {
  return findPlace(readStack(), ownFolder);
}

function readStack(): Frame[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = Infinity;
  Error.prepareStackTrace = (_error, sites) =>
    sites.map((site) => ({
      file: site.getScriptNameOrSourceURL() ?? site.getFileName() ?? "",
      line: site.getLineNumber() ?? 0,
    }));
  try {
    return new Error().stack as unknown as Frame[];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}
