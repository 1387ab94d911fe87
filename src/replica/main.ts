// The replica program: one process, one replica. Composition root; the rules are in replica.ts and run-replica.ts.
import { enableCompileCache } from "node:module";
// What is imported before this call would not be cached, so everything else comes by `import()`.
enableCompileCache();
const [{ runReplica }, { systemClock }, { systemRandom }] = await Promise.all([
  import("./run-replica.ts"),
  import("../core/clock.ts"),
  import("../core/random.ts"),
]);
await runReplica(process.argv.slice(2), systemClock, systemRandom);
