// What this machine has to run replicas on.
import { readdirSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { NodeResources } from "./resource-ledger.ts";

/**
 * @param numCpus of the instance; null: cpus and memory are advisory
 * @param visible `CUDA_VISIBLE_DEVICES`: the gpus that may be used; undefined: all there are
 */
export function localResources(numCpus: number | null, visible: string | undefined): NodeResources {
  const gpuIds = visible === undefined ? nvidiaDevices() : visible.split(",").filter((id) => id.trim() !== "");
  const cpus = numCpus ?? availableParallelism();
  const total = { cpus, gpus: gpuIds.length, memoryBytes: totalmem(), custom: {} };
  return { total, gpuIds, countsCpus: numCpus !== null };
}

/** Numbers of the NVIDIA devices of a Linux machine; elsewhere there are none. */
function nvidiaDevices(): string[] {
  try {
    const numbers = readdirSync("/dev").flatMap((name) => /^nvidia(\d+)$/.exec(name)?.[1] ?? []);
    return numbers.sort((a, b) => Number(a) - Number(b));
  } catch {
    return [];
  }
}
