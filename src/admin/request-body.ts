// Reads a request's body into memory, within a limit.
//   R1  A body above the limit is not kept. Up to a few times the limit it is read and dropped, so that a client that
//       sends before it listens hears why; beyond that the connection ends.
//   R2  A client that asked first (`Expect: 100-continue`) is told to go on when somebody wants the body, not before.
import type { IncomingMessage, ServerResponse } from "node:http";
import { ServeError } from "../core/errors.ts";

/** How many times the limit is read in all. Chosen: enough for a config that is too large by mistake. */
const DROPPED_TIMES = 4;

/** @throws {ServeError} PAYLOAD_TOO_LARGE (R1); REQUEST_CANCELLED when the client leaves */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limitBytes: number,
): Promise<Uint8Array> {
  const announced = Number(request.headers["content-length"] ?? 0);
  const asksFirst = request.headers.expect?.toLowerCase() === "100-continue";
  if (announced > limitBytes * (asksFirst ? 1 : DROPPED_TIMES)) throw tooLarge(limitBytes);
  if (asksFirst) response.writeContinue(); // R2
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limitBytes) chunks.push(chunk);
    else chunks.length = 0; // R1
    if (size > limitBytes * DROPPED_TIMES) reject(tooLarge(limitBytes));
  });
  request.once("end", () => (size > limitBytes ? reject(tooLarge(limitBytes)) : resolve(Buffer.concat(chunks))));
  request.once("close", () => reject(new ServeError("REQUEST_CANCELLED", "the client left while it sent the body")));
  request.once("error", reject);
  return promise;
}

function tooLarge(limitBytes: number): ServeError {
  return new ServeError("PAYLOAD_TOO_LARGE", `the body is larger than ${limitBytes} bytes`, { limitBytes });
}
