// The supervisor program, left behind by `manta start`. Arguments: the head's options as JSON.
import { enableCompileCache } from "node:module";

// Before anything else is loaded, so that it is loaded from the cache.
enableCompileCache();
const { runSupervisor } = await import("./run-supervisor.ts");
await runSupervisor(process.argv.slice(2));
