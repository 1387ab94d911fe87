import { describe, expect, it } from "vitest";
import { generatedFiles } from "../generated-files.ts";
import { findOutdated, readIfThere } from "./generated-content.ts";

/** Everything is generated and formatted, on a machine that does other things too. */
const timeout = 60_000;

describe("generated files", { timeout }, () => {
  it("are in step with what they are generated from", async () => {
    expect((await findOutdated(generatedFiles)).map((file) => file.path)).toEqual([]);
  });

  it("are told out of date when one letter differs, or when the file is gone", async () => {
    const [planted, gone] = generatedFiles;
    const read = (file: string): string | undefined => {
      if (file === planted?.path) return `${readIfThere(file)} `;
      return file === gone?.path ? undefined : readIfThere(file);
    };
    const outdated = await findOutdated(generatedFiles, read);
    expect(outdated.map((file) => file.path)).toEqual([planted?.path, gone?.path]);
  });
});
