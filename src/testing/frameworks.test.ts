// What Node's frameworks make of Manta's errors, by their own error handlers.
import express from "express";
import fastify from "fastify";
import Koa from "koa";
import { afterAll, describe, expect, it, vi } from "vitest";
import { BackPressureError, DeploymentUnavailableError, ingress, type NodeApp, ServeError } from "../index.ts";

const FULL = { application: "shop", deployment: "Stock", queued: 3, limit: 3 };
const ERRORS = {
  "/full": new BackPressureError({ ...FULL, statusCode: 503, retryAfterS: 1.2 }),
  "/limited": new BackPressureError({ ...FULL, statusCode: 429, retryAfterS: 0 }),
  "/gone": new DeploymentUnavailableError({ application: "shop", deployment: "Stock", reason: "was deleted" }),
  "/unknown": new ServeError("METHOD_NOT_FOUND", "no such method"),
} as const;
type Path = keyof typeof ERRORS;

const silent = vi.spyOn(console, "error").mockReturnValue();
afterAll(() => silent.mockRestore());

const frameworks: Record<string, () => NodeApp> = {
  Express: () =>
    express().use((req) => {
      throw ERRORS[req.path as Path];
    }),
  Koa: () =>
    new Koa()
      .use(({ path }) => {
        throw ERRORS[path as Path];
      })
      .callback(),
  Fastify: () => {
    const app = fastify();
    app.get("*", async ({ url }) => {
      throw ERRORS[url as Path];
    });
    return app;
  },
};

describe.each(Object.entries(frameworks))("%s", (_name, make) => {
  it.each([
    ["/full", 503, "2"],
    ["/limited", 429, "1"],
    ["/gone", 503, null],
    ["/unknown", 500, null],
  ])("answers %s with %i, as an ingress without a framework does (api.md section 6)", async (path, status, after) => {
    const response = await ingress(make())(new Request(`http://shop.test${path}`));
    expect([response.status, response.headers.get("retry-after")]).toEqual([status, after]);
    await response.text();
  });
});
