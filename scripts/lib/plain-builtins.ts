// Takes Node's own modules by `process.getBuiltinModule` in dist/. An `import` reads every name that such a module
// exports, and some are getters that load more: with node:fs comes fs/promises with readline, with node:http undici.
// Left to themselves these cost each program about 10 ms at its start (measured).
import type { Plugin } from "rolldown";

/** `import d from "node:x";`, `import { a, b as c } from "node:x";`, `import d, { a } from "node:x";` */
const IMPORT = /^import (?:(\w+)(?:, )?)?(?:\{([^}]*)\})? ?from "(node:[\w/]+)";$/gm;

/** The chunk's code with each such import as a `const`. */
export function plainBuiltins(code: string): string {
  return code.replaceAll(IMPORT, (_, fallback: string | undefined, names: string | undefined, id: string) => {
    const taken = `process.getBuiltinModule(${JSON.stringify(id)})`;
    const lines = [
      ...(fallback === undefined ? [] : [`const ${fallback} = ${taken};`]),
      ...(names === undefined ? [] : [`const {${names.replaceAll(" as ", ": ")}} = ${taken};`]),
    ];
    return lines.join(" ");
  });
}

/** The rolldown plugin. */
export function plainBuiltinsPlugin(): Plugin {
  return { name: "plain-builtins", renderChunk: (code) => ({ code: plainBuiltins(code) }) };
}
