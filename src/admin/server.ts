// The head's HTTP door: metrics of all processes and health. REST stands here from its own issue on.
//   R1  It listens on loopback, or has a token (architecture section 7).
//   R2  A port that nobody chose and that is taken is replaced by a free one; a chosen one is an error.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isLoopback, urlOf } from "../config/hosts.ts";
import { describeThrown, ServeError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Endpoint } from "../model/status.ts";
import { EXPOSITION_CONTENT_TYPE, formatExposition } from "../telemetry/exposition.ts";
import { mergeSnapshots, type SnapshotPart } from "../telemetry/merge-snapshots.ts";
import { hasToken, isOwnHost } from "./guard.ts";

// An `import` would read every name that node:http exports, and one of them loads undici: 30 ms and 14 MB (measured).
const { createServer } = process.getBuiltinModule("node:http");

export interface AdminServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly portChosen: boolean;
  /** Bearer token that every request but health must carry; undefined: none. */
  readonly token: string | undefined;
  /** First part of each metric's name. */
  readonly metricsPrefix: string;
  /** Metrics of all processes. Resolves within about a second, whoever does not answer. */
  readonly metrics: () => Promise<readonly SnapshotPart[]>;
}

export interface AdminServer {
  readonly endpoint: Endpoint;
  close(): Promise<void>;
}

/**
 * Starts the admin server.
 * @throws {ServeError} CONFIG_INVALID for an open host without a token (R1), ENGINE for a chosen port that is taken (R2)
 */
export async function startAdminServer(options: AdminServerOptions, logger: Logger): Promise<AdminServer> {
  const { host, port, portChosen, token } = options;
  if (!isLoopback(host) && token === undefined) {
    const message = `admin.host ${host} is open to other machines: set admin.token (--admin-token or MANTA_ADMIN_TOKEN), or use 127.0.0.1`;
    throw new ServeError("CONFIG_INVALID", message, { path: "admin.host" });
  }
  const server = createServer((request, response) => void answer(request, response, options, logger));
  try {
    await listen(server, host, port);
  } catch (cause) {
    const taken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    if (!taken || portChosen) throw listenError(host, port, taken, cause);
    await listen(server, host, 0);
    logger.warn("admin.port_taken", { port, instead: (server.address() as AddressInfo).port });
  }
  const bound = (server.address() as AddressInfo).port;
  return {
    endpoint: { host, port: bound, url: urlOf(host, bound) },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdminServerOptions,
  logger: Logger,
): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0];
  try {
    const refusal = refuse(request, path, options);
    if (refusal !== undefined) reply(response, refusal.status, refusal.text);
    else if (path === "/-/healthz") reply(response, 200, "success");
    else {
      const text = formatExposition(mergeSnapshots(await options.metrics()), options.metricsPrefix);
      reply(response, 200, text, EXPOSITION_CONTENT_TYPE);
    }
  } catch (reason) {
    logger.error("admin.failed", { path, error: reason });
    if (response.headersSent) response.destroy();
    else reply(response, 500, describeThrown(reason));
  }
}

function refuse(
  { method, headers }: IncomingMessage,
  path: string | undefined,
  { host, token }: AdminServerOptions,
): { status: number; text: string } | undefined {
  if (token === undefined && !isOwnHost(headers.host, host)) {
    return { status: 403, text: `unknown Host ${headers.host ?? ""}: use localhost or ${host}` };
  }
  if (path === "/-/healthz" || path === "/metrics") {
    if (method !== "GET" && method !== "HEAD") return { status: 405, text: `${method} is not allowed here` };
  } else return { status: 404, text: `nothing at ${path}: there are /metrics and /-/healthz` };
  if (path === "/metrics" && token !== undefined && !hasToken(headers.authorization, token)) {
    return { status: 401, text: "send the admin token as Authorization: Bearer" };
  }
  return undefined;
}

function reply(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  const challenge = status === 401 ? { "www-authenticate": "Bearer" } : {};
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text), ...challenge });
  response.end(text);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function listenError(host: string, port: number, taken: boolean, cause: unknown): ServeError {
  const why = taken ? "is taken" : `cannot be used (${describeThrown(cause)})`;
  const message = `admin port ${port} on ${host} ${why}; choose another by --admin-port or admin.port, 0 for a free one`;
  return new ServeError("ENGINE", message, { host, port }, { cause, retryable: false });
}
