import { describe, expect, it } from "vitest";
import { chooseSubjects, listSubjects, type Subject } from "./choose-subjects.ts";

const subject = (application: string, deployment = "", replicaId = ""): Subject => ({
  application,
  deployment,
  replicaId,
});
const known = [
  subject("shop"),
  subject("shop", "Model", "aaaa"),
  subject("shop", "Model", "bbbb"),
  subject("shop", "Ingress", "cccc"),
  subject("text"),
  subject("text", "Model", "dddd"),
  subject("Model"),
  subject("Model", "Model", "eeee"),
];

describe("chooseSubjects", () => {
  it.each([
    ["shop", [{ application: "shop" }]],
    ["Ingress", [{ application: "shop", deployment: "Ingress" }]],
    ["text/Model", [{ application: "text", deployment: "Model" }]],
    ["text#Model", [{ application: "text", deployment: "Model" }]],
    ["bbbb", [{ application: "shop", deployment: "Model", replicaId: "bbbb" }]],
    ["Mod", []],
    ["", []],
  ])("%j stands for what has that name (R1)", (word, filters) => {
    expect(chooseSubjects(word, known)).toEqual(filters);
  });

  it("chooses all that have the name, and nothing inside of what was chosen (R1, R2)", () => {
    expect(chooseSubjects("Model", known)).toEqual([
      { application: "Model" },
      { application: "shop", deployment: "Model" },
      { application: "text", deployment: "Model" },
    ]);
  });
});

describe("listSubjects", () => {
  it("names each application and deployment once, with the replicas behind it", () => {
    expect(listSubjects([...known.slice(0, 4), ...known.slice(0, 2)])).toEqual([
      "shop",
      "shop/Ingress  cccc",
      "shop/Model  aaaa  bbbb",
    ]);
  });
});
