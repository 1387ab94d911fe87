// The proxy program: one process that terminates HTTP. Composition root; the rules are in proxy.ts and run-proxy.ts.
import { enableCompileCache } from "node:module";
// What is imported before this call would not be cached, so everything else comes by `import()`.
enableCompileCache();
const [{ runProxy }, { systemClock }, { systemRandom }] = await Promise.all([
  import("./run-proxy.ts"),
  import("../core/clock.ts"),
  import("../core/random.ts"),
]);
runProxy(process.argv.slice(2), systemClock, systemRandom);
