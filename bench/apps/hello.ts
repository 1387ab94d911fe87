// T1, T2, T7, T8: the smallest answer.
import { deployment } from "manta-serve";

class Hello {
  fetch() {
    return "Hello, world!\n";
  }
}

const HelloDeployment = deployment(Hello, { maxOngoingRequests: 200 });

export const app = HelloDeployment.bind();

/** With the default limit of ongoing requests (5). */
export const defaultLimit = deployment(Hello).bind();

/** For the memory of a further replica. */
export const threeReplicas = HelloDeployment.options({ numReplicas: 3 }).bind();
