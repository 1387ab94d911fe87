import { spawnSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.dirname(path.dirname(import.meta.dirname));

it("Python encodes and decodes every golden frame and value as TypeScript does", () => {
  const python = path.join(root, ".venv", "bin", "python");
  const done = spawnSync(python, ["-B", "-m", "unittest", "discover", "-s", "tests/python"], {
    cwd: root,
    encoding: "utf8",
  });
  // Set-up makes .venv (`npm test`); where it is missing, this says so.
  expect(done.error?.message).toBeUndefined();
  expect(done.stderr).toMatch(/Ran [1-9]\d* tests/);
  expect(done.status, done.stderr).toBe(0);
});
