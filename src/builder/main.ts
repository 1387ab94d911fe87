// The builder program: one process, one import path. Arguments: id and epoch.
import { enableCompileCache } from "node:module";

// Before anything else is loaded, so that it is loaded from the cache.
enableCompileCache();
const { runBuilder } = await import("./run-builder.ts");
await runBuilder(process.argv.slice(2));
