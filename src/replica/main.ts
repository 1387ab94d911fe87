// The replica program: one process, one replica. Composition root; the rules are in replica.ts and replica-program.ts.
import { enableCompileCache } from "node:module";
enableCompileCache();
const { runReplica } = await import("./run-replica.ts");
await runReplica(process.argv.slice(2));
