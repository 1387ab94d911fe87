import { describe, expect, it } from "vitest";
import { ServeError } from "../core/errors.ts";
import { describeFailure } from "./describe-failure.ts";

const thrown = Object.assign(new RangeError("no model"), {
  stack: "RangeError: no model\n    at a\n    at b\n    at c\n    at d",
});

describe("describeFailure", () => {
  it("adds the top of the stack where the user's code threw to a message that has none", () => {
    const failure = new ServeError("DEPLOY_FAILED", "Model: setup failed", {}, { cause: thrown });
    expect(describeFailure(failure)).toBe("Model: setup failed\n    at a\n    at b\n    at c");
    expect(describeFailure(thrown)).toBe("no model\n    at a\n    at b\n    at c");
  });

  it("shows no stack line twice: a replica's message brings its own", () => {
    const message = "Model: setup failed: RangeError: no model\n    at a\n    at b";
    expect(describeFailure(new ServeError("DEPLOY_FAILED", message, {}, { cause: thrown }))).toBe(message);
  });

  it("leaves out where in Node it was thrown: a port that is taken has no stack of the user's", () => {
    const stack =
      "Error: EADDRINUSE\n    at listenInCluster (node:net:2437:12)\n    at node:internal/timers:9:1\n    at c";
    const taken = Object.assign(new Error("EADDRINUSE"), { stack });
    expect(describeFailure(new ServeError("ENGINE", "port 80 is taken", {}, { cause: taken }))).toBe(
      "port 80 is taken\n    at c",
    );
  });

  it("shows what is no error, without a stack", () => {
    expect(describeFailure("just text")).toBe("just text");
  });
});
