import { describe, expect, it } from "vitest";
import {
  BackPressureError,
  DeploymentUnavailableError,
  ReplicaGoneError,
  RequestTimeoutError,
  ServeError,
  UserCodeError,
} from "../core/errors.ts";
import { acceptsJson, errorResponse } from "./error-response.ts";

const text = { requestId: "r1", accept: "*/*", development: false };
const json = { ...text, accept: "application/json" };
const full = (details: object = {}) =>
  new BackPressureError({
    application: "a",
    deployment: "D",
    queued: 3,
    limit: 2,
    statusCode: 503,
    retryAfterS: 1,
    ...details,
  });
const timeout = new RequestTimeoutError({ requestId: "r1", timeoutS: 0.5 });
const unavailable = new DeploymentUnavailableError({ application: "a", deployment: "D", reason: "failed to deploy" });
const gone = new ReplicaGoneError({ application: "a", deployment: "D", replicaId: "x" });
const thrown = new UserCodeError({ deployment: "D", method: "fetch" }, new TypeError("boom"));

describe("text bodies are Ray Serve's (RT8)", () => {
  const missing = new ServeError("ROUTE_NOT_FOUND", "no route for /x", { path: "/x" });
  it.each([
    [404, missing, "Path '/x' not found. Ping http://.../-/routes for available routes."],
    [503, full(), "Request dropped due to backpressure (num_queued_requests=3, max_queued_requests=2)."],
    [503, unavailable, "Deployment(name='D', app='a') is unavailable because it failed to deploy."],
    [408, timeout, "Request r1 timed out after 0.5s."],
    [500, gone, "Internal Server Error"],
    [500, thrown, "Internal Server Error"],
    [413, new ServeError("PAYLOAD_TOO_LARGE", "too\n large"), "too large"],
  ])("%d", (status, error, body) => {
    expect(errorResponse(status, error, text)).toMatchObject({ status, body });
  });
});

describe("JSON bodies (RT8)", () => {
  it("hold code, message, request id and details", () => {
    const { headers, body } = errorResponse(408, timeout, json);
    expect(headers).toEqual(["content-type", "application/json"]);
    expect(JSON.parse(body)).toEqual({
      error: {
        code: "REQUEST_TIMEOUT",
        message: timeout.message,
        requestId: "r1",
        details: { requestId: "r1", timeoutS: 0.5 },
      },
    });
  });

  it("hide the cause of a 500", () => {
    expect(JSON.parse(errorResponse(500, thrown, json).body)).toEqual({
      error: { code: "USER_CODE", message: "Internal Server Error", requestId: "r1" },
    });
  });

  it("show it in development mode", () => {
    const shown = JSON.parse(errorResponse(500, thrown, { ...json, development: true }).body);
    expect(shown.error).toMatchObject({ message: "D.fetch: TypeError: boom", details: { deployment: "D" } });
    expect(shown.error.stack).toContain("TypeError: boom");
  });

  it.each([
    ["application/json", true],
    ["text/html, Application/JSON;q=0.9", true],
    ["application/problem+json", true],
    ["*/*", false],
    ["application/*", false],
    ["", false],
    ["application/json;q=0", false],
    ["application/jsonp", false],
  ])("Accept %j: %s", (accept, expected) => {
    expect(acceptsJson(accept)).toBe(expected);
  });
});

describe("Retry-After is sent with every BACK_PRESSURE (RT8)", () => {
  it.each([
    [0.2, "1"],
    [2.1, "3"],
    [undefined, "1"],
  ])("%s s -> %s", (retryAfterS, value) => {
    expect(errorResponse(503, full({ retryAfterS }), text).headers).toEqual(
      expect.arrayContaining(["retry-after", value]),
    );
  });
});

it.each([
  [405, ["allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]],
  [426, ["upgrade", "websocket", "sec-websocket-version", "13"]],
])("a %d says what is taken instead", (status, headers) => {
  const { headers: sent } = errorResponse(status, new ServeError("BAD_REQUEST", "x"), text);
  expect(sent.slice(0, headers.length)).toEqual(headers);
});

describe("an error from a call keeps its status only where the table says so (api.md section 6)", () => {
  it.each([
    [full(), 503],
    [full({ statusCode: 429 }), 429],
    [unavailable, 503],
    [timeout, 408],
    [new ServeError("PAYLOAD_TOO_LARGE", "x"), 413],
    [new ServeError("BAD_REQUEST", "x"), 500],
    [new ServeError("ROUTE_NOT_FOUND", "x"), 500],
    [new ServeError("REQUEST_CANCELLED", "x"), 500],
    [gone, 500],
  ])("%s", (error, status) => {
    expect(error.statusCode).toBe(status);
  });
});
