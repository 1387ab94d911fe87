// T9: work that takes 10 ms of waiting, ten at a time: close to 1,000 requests per second, whatever the machine.
// Fifty more may wait.
import { setTimeout as sleep } from "node:timers/promises";
import { deployment } from "manta-serve";

class Work {
  async fetch() {
    await sleep(10);
    return "done\n";
  }
}

export const app = deployment(Work, { maxOngoingRequests: 10, maxQueuedRequests: 50 }).bind();
