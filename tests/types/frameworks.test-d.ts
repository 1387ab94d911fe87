// What `ingress` takes: the applications of Node's frameworks as their own types have them.
import { createServer } from "node:http";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { initTRPC } from "@trpc/server";
import express from "express";
import fastify from "fastify";
import Koa from "koa";
import { Hono } from "hono";
import { expectTypeOf } from "vitest";
import { deployment, ingress, type NodeApp } from "manta-serve";

const trpc = initTRPC.create();
const router = trpc.router({});

expectTypeOf(express()).toExtend<NodeApp>();
expectTypeOf(new Koa().callback()).toExtend<NodeApp>();
expectTypeOf(fastify()).toExtend<NodeApp>();
expectTypeOf(createServer()).toExtend<NodeApp>();
expectTypeOf(createHTTPHandler({ router })).toExtend<NodeApp>();

class Shop {
  readonly #app = fastify({ logger: true });
  fetch = ingress(this.#app);
  websocket = ingress.upgrade(this.#app);
}
deployment(Shop).bind();
ingress.upgrade(createServer(express()));
expectTypeOf<Shop["fetch"]>().toEqualTypeOf<(request: Request) => Promise<Response>>();

// Frameworks that are a `fetch` already need no adapter.
class Small {
  fetch = new Hono().get("/", (c) => c.text("hello")).fetch;
}
deployment(Small).bind();

// @ts-expect-error Koa's app itself is no listener; `app.callback()` is
ingress(new Koa());
// @ts-expect-error a bare listener takes no upgrades
ingress.upgrade(express());
