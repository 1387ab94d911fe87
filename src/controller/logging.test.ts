import { expect, it } from "vitest";
import { resolveOptions } from "../config/check-options.ts";
import type { DeploymentTarget } from "../model/target-state.ts";
import { instanceLogging, replicaLogging } from "./logging.ts";
import type { ControllerState } from "./state.ts";

const started = resolveOptions("logging", { logLevel: "WARNING" });

function configured(logging_config: object | null): Pick<ControllerState, "config"> {
  return { config: { document: { applications: [], logging_config }, workingDir: "/", acceptedMs: 0 } } as never;
}

it("takes the accepted config before the start's options (reference 7.4)", () => {
  expect(instanceLogging({ config: null }, started)).toBe(started);
  expect(instanceLogging(configured(null), started)).toBe(started);
  expect(instanceLogging(configured({ encoding: "JSON", enable_access_log: false }), started)).toEqual({
    ...resolveOptions("logging", {}),
    encoding: "JSON",
    enableAccessLog: false,
  });
});

it("takes the deployment's options before the instance's", () => {
  const own = resolveOptions("logging", { encoding: "JSON" });
  const target = (loggingConfig: unknown): DeploymentTarget => ({ spec: { options: { loggingConfig } } }) as never;
  expect(replicaLogging(target(own), started)).toBe(own);
  expect(replicaLogging(target(null), started)).toBe(started);
});
