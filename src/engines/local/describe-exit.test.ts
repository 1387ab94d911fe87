import { describe, expect, it } from "vitest";
import { describeExit } from "./describe-exit.ts";

describe("describeExit", () => {
  const cases = [
    { how: "a crash by exit code", args: ["itself", 1, null], reason: "exited", userFault: true },
    { how: "an end of its own", args: ["itself", 0, null], reason: "exited", userFault: false },
    { how: "a crash in native code", args: ["itself", null, "SIGSEGV"], reason: "killed", userFault: true },
    { how: "a kill from outside", args: ["itself", null, "SIGKILL"], reason: "killed", userFault: false },
    { how: "an adopted process's end", args: ["itself", null, null], reason: "exited", userFault: false },
    { how: "a stop, whatever the code", args: ["stopped", 1, null], reason: "stopped", userFault: false },
    { how: "a kill of ours", args: ["killed", null, "SIGKILL"], reason: "killed", userFault: false },
  ] as const;
  for (const { how, args, reason, userFault } of cases) {
    it(`reads ${how} as ${reason}, ${userFault ? "" : "not "}the user's fault`, () => {
      expect(describeExit(args[0], args[1], args[2])).toMatchObject({ reason, userFault });
    });
  }
});
