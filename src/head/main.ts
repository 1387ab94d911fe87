// The head program: the one that decides. Arguments: its options as JSON.
import { enableCompileCache } from "node:module";

// Before anything else is loaded, so that it is loaded from the cache.
enableCompileCache();
const { runHead } = await import("./run-head.ts");
await runHead(process.argv.slice(2));
