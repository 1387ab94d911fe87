// The policy program: one process for the autoscaling policies of one application. Arguments: id and epoch.
import { enableCompileCache } from "node:module";

// What is imported before this call would not be cached, so everything else comes by `import()`.
enableCompileCache();
const [{ runPolicy }, { systemClock }] = await Promise.all([import("./run-policy.ts"), import("../core/clock.ts")]);
await runPolicy(process.argv.slice(2), systemClock);
