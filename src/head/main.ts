// The head program: the one that decides. Arguments: its options as JSON.
import { enableCompileCache } from "node:module";

// What is imported before this call would not be cached, so everything else comes by `import()`.
enableCompileCache();
const [{ runHead }, { systemClock }, { systemRandom }] = await Promise.all([
  import("./run-head.ts"),
  import("../core/clock.ts"),
  import("../core/random.ts"),
]);
await runHead(process.argv.slice(2), systemClock, systemRandom);
