// Every request of docs/reference/rest.md, sent in the page's order to an instance, and the answers that it prints.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { adminRoutes } from "../../src/admin/routes.ts";
import { ManualClock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { adminParts } from "../fixtures/admin.ts";
import { Declared } from "./declared.ts";
import { RestClient } from "./rest.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/reference/rest.md"), "utf8");

/** A block of the page: its first line, header lines, and what follows the empty line. */
interface Message {
  readonly line: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

function messages(): Message[] {
  return [...page.matchAll(/^```http\n(.*?)^```$/gms)].map(([, block = ""]) => {
    const [head = "", ...rest] = block.split("\n\n");
    const [line = "", ...headers] = head.trimEnd().split("\n");
    const pairs = headers.map((header) => header.split(/: (.*)/s).slice(0, 2) as [string, string]);
    return { line, headers: pairs, body: rest.join("\n\n").trimEnd() };
  });
}

/** Requests with their replies, in the page's order. */
const exchanges = messages().flatMap((request, index, all) =>
  index % 2 === 0 ? [{ request, reply: all[index + 1] as Message }] : [],
);

/** What is printed as a matcher: `…` is anything, an object may hold more than is printed, a list too. */
function matcher(printed: unknown): unknown {
  if (typeof printed === "string") return printed === "…" ? expect.anything() : printed;
  if (Array.isArray(printed)) return printed.length === 0 ? [] : expect.arrayContaining(printed.map(matcher));
  if (typeof printed !== "object" || printed === null) return printed;
  return expect.objectContaining(Object.fromEntries(Object.entries(printed).map(([k, v]) => [k, matcher(v)])));
}

/** A text in which `…` stands for any other. */
function pattern(printed: string): RegExp {
  const literal = (part: string): string => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${printed.split("…").map(literal).join("[^]*")}\n?$`);
}

const declared = new Declared();
const { harness } = declared;
let rest: RestClient;

beforeAll(async () => {
  await declared.start();
  rest = new RestClient((await harness.status()).admin?.url ?? "");
});
beforeEach(() => harness.showOnFailure());
afterAll(() => harness.close());

describe("docs/reference/rest.md", () => {
  it("lists the paths that the server has, and has a request for each", () => {
    const routes = adminRoutes(adminParts(), silentLogger, new ManualClock());
    const known = routes.map(({ method, path }) => `${method} ${path}`).sort();
    const listed = [...page.matchAll(/\[`([A-Z]+ \/[^`]+)`\]/g)].map(([, path = ""]) => path);
    expect([...new Set(listed)].sort()).toEqual(known);
    const asked = exchanges.map(({ request }) => request.line.split("?")[0] as string);
    const shapes = known.map((path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`));
    expect(shapes.filter((shape) => !asked.some((line) => shape.test(line)))).toEqual([]);
    expect(exchanges.length).toBeGreaterThan(20);
  });

  for (const [index, { request, reply }] of exchanges.entries()) {
    it(`answers as printed: ${index + 1}. ${request.line}`, async () => {
      const [method = "", path = ""] = request.line.split(" ");
      const document = request.body === "" ? undefined : (JSON.parse(request.body) as unknown);
      const response = await rest.request(method, path, document, Object.fromEntries(request.headers));
      const text = await response.text();
      expect(`${response.status} ${response.headers.get("content-type")}`, text).toBe(reply.line);
      for (const [name, value] of reply.headers) expect(response.headers.get(name)).toMatch(pattern(value));
      if (reply.line.includes("json")) expect(JSON.parse(text)).toEqual(matcher(JSON.parse(reply.body)));
      else expect(text).toMatch(pattern(reply.body));
      if (method === "PUT" && response.status === 200) await rest.reaches("sums", "RUNNING");
    });
  }
});
