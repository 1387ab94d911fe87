import { Instance } from "./instance.ts";
import { proveRollouts } from "./rollouts.ts";
const i = new Instance();
try {
  await i.start();
  console.log(i.url);
  const t = Date.now();
  const f = await proveRollouts(i, Number(process.argv[2] ?? 5));
  console.log(f, Date.now() - t);
  await i.manta("shutdown", "-y");
} catch (e) {
  console.log(e, i.log(20));
} finally {
  await i.close();
}
process.exit(0);
