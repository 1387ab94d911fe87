import { describe, expect, it } from "vitest";
import { joinWarning } from "./join-warning.ts";

const status = {
  http: { host: "127.0.0.1", port: 8001, url: "http://127.0.0.1:8001/" },
  admin: { host: "127.0.0.1", port: 8265, url: "http://127.0.0.1:8265/" },
};

describe("joinWarning", () => {
  it.each([
    [{}, undefined],
    [{ http: { port: 8001, host: "127.0.0.1" }, admin: {} }, undefined],
    [{ http: { port: 0 } }, undefined],
    [{ http: { keepAliveTimeoutS: 90 } }, undefined],
    [{ namespace: "default" }, undefined],
    [{ http: { port: 8000 } }, "http.port"],
    [{ http: { port: 8001, rootPath: "/api" }, admin: { port: 9000 } }, "http.rootPath, admin.port"],
    [{ loggingConfig: { encoding: "JSON" } }, "loggingConfig.encoding"],
    [{ namespace: "other" }, "namespace"],
  ] as const)("%j is ignored where it differs: %s", (given, ignored) => {
    const warning = joinWarning(given, "default", status);
    if (ignored === undefined) expect(warning).toBeUndefined();
    else
      expect(warning).toBe(
        `the running instance (namespace default, http://127.0.0.1:8001/) keeps its own options; ignored: ${ignored}`,
      );
  });
});
