// The proxy program: one process that terminates HTTP. Composition root; the rules are in proxy.ts and run-proxy.ts.
import { enableCompileCache } from "node:module";
import type { RouterRef } from "../router/replica-chooser.ts";
// What is imported before this call would not be cached, so everything else comes by `import()`.
enableCompileCache();
const [{ runProxy }, { systemClock }, { systemRandom }] = await Promise.all([
  import("./run-proxy.ts"),
  import("../core/clock.ts"),
  import("../core/random.ts"),
]);

/** User code is loaded for a router of the user's only, and the module that holds it deploys nothing here. */
const loadRouter = async (router: RouterRef) => {
  const [api, { store }] = await Promise.all([import("../api/load-router.ts"), import("../api/globals.ts")]);
  store.registry.mode = "replica";
  return api.loadRouter(router);
};

runProxy(process.argv.slice(2), loadRouter, systemClock, systemRandom);
