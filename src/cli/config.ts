// `manta config`: what was deployed by config files, as it was sent.
import type { ApplicationConfig } from "../config/serve-config.ts";
import type { AddressFlags } from "./actions.ts";
import { EXIT } from "./exit-codes.ts";
import { formatYaml } from "./format-yaml.ts";
import { namespaceOf } from "./instance-flags.ts";
import { RestInstance } from "./rest-instance.ts";
import type { StatusPart } from "./status-part.ts";
import { withHead } from "./with-head.ts";

/** That there is none is no failure, as with Ray Serve. */
export async function config(flags: AddressFlags): Promise<number> {
  const { name, address, json } = flags;
  const status: StatusPart | undefined =
    address === undefined
      ? await withHead(namespaceOf(flags), (head) => head.status())
      : await new RestInstance(address).status();
  if (status === undefined) return EXIT.failed;
  const configs = configsOf(status, name);
  if (json === true) console.log(JSON.stringify(Object.fromEntries(configs), undefined, 2));
  else if (configs.size > 0) process.stdout.write(formatConfigs([...configs.values()]));
  else
    console.log(
      name === undefined ? "No configuration was found." : `No config has been deployed for application "${name}".`,
    );
  return EXIT.ok;
}

function configsOf({ applications }: StatusPart, name: string | undefined): Map<string, ApplicationConfig> {
  const configs = new Map<string, ApplicationConfig>();
  for (const application of Object.values(applications)) {
    const { deployedAppConfig } = application;
    if (deployedAppConfig === null || (name ?? application.name) !== application.name) continue;
    configs.set(application.name, deployedAppConfig);
  }
  return configs;
}

/** As Ray Serve's: a line `---` with a blank one on both sides between two. */
function formatConfigs(configs: readonly ApplicationConfig[]): string {
  return `${configs.map((one) => formatYaml(one)).join("\n---\n\n")}\n`;
}
