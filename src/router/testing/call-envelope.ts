// What a test's call carries unless the test says otherwise.
import type { CallEnvelope } from "../../model/call.ts";

/** A plain call of `app#Model`'s method `work`. */
export function envelopeOf(given: Partial<CallEnvelope> = {}): CallEnvelope {
  return {
    target: { application: "app", deployment: "Model" },
    method: "work",
    requestId: "r",
    deadlineMs: undefined,
    timeoutS: 0,
    route: "",
    multiplexedModelId: "",
    sessionId: "",
    priority: "normal",
    idempotent: false,
    preferLocal: false,
    ...given,
  };
}
