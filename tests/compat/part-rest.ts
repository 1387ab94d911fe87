// Ray's own clients against whole instances, one open and one with a token: the `serve` command, ServeInstanceDetails on
// every reply, KubeRay's calls. What they see is checked by rest.py.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Place } from "../e2e/cli.ts";
import type { CompatContext } from "./context.ts";

const TOKEN = "the-token-of-the-compatibility-test";

/** @returns what did not hold */
export async function run({ python }: CompatContext): Promise<readonly string[]> {
  return [...(await check(python, "")), ...(await check(python, TOKEN))];
}

async function check(python: string, token: string): Promise<readonly string[]> {
  const place = new Place();
  try {
    const secured = token === "" ? [] : ["--admin-token", token];
    const { code, stdout, stderr } = await place.run(
      "start",
      "--http-port",
      "0",
      "--admin-port",
      "0",
      "--json",
      ...secured,
    );
    if (code !== 0) return [`manta start ended with ${code}: ${stderr}`];
    const { admin } = JSON.parse(stdout) as { admin: string };
    const args = [join(import.meta.dirname, "rest.py"), admin, token, join(import.meta.dirname, "apps")];
    const { status } = spawnSync(python, args, { stdio: "inherit" });
    return status === 0 ? [] : [`rest.py ended with ${status}; see above`];
  } finally {
    await place.run("shutdown", "--yes");
    await place.close();
  }
}
