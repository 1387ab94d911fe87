// The supervisor program, left behind by `manta start`. Arguments: the head's options as JSON.
import { enableCompileCache } from "node:module";

// What is imported before this call would not be cached, so everything else comes by `import()`.
enableCompileCache();
const [{ runSupervisor }, { systemClock }] = await Promise.all([
  import("./run-supervisor.ts"),
  import("../core/clock.ts"),
]);
await runSupervisor(process.argv.slice(2), systemClock);
