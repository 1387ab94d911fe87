import { describe, expect, it } from "vitest";
import { engineConformance } from "../../src/testing/engine-conformance.ts";
import { localHost, memoryHost } from "./hosts.ts";

engineConformance({ describe, it, expect }, "memory", memoryHost);
engineConformance({ describe, it, expect }, "local", localHost);
