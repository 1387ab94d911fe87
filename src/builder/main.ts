// The builder program: one process, one import path. Arguments: id and epoch.
import { enableCompileCache } from "node:module";

// What is imported before this call would not be cached, so everything else comes by `import()`.
enableCompileCache();
const [{ runBuilder }, { systemClock }] = await Promise.all([import("./run-builder.ts"), import("../core/clock.ts")]);
await runBuilder(process.argv.slice(2), systemClock);
