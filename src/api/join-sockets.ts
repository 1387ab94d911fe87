// Joins the WebSocket of an ingress to one that a Node framework accepts over a connection in memory.
//   R1  Text, bytes, their order and close codes pass both ways; pings are answered on each side.
//   R2  A client that reads slowly stops the framework; a framework that does not read is given up (1013).
//   R3  It lasts until the framework's socket is closed; one that it never opened fails the call.
import type { Duplex } from "node:stream";
import { CLOSE_CODE } from "../protocol/socket-messages.ts";
import { targetOf } from "./received.ts";

/** What may wait for the client, and for the framework, bytes. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_UNREAD_BYTES = 16 * MAX_WAITING_BYTES;
/** Of the client's own handshake, which the proxy has answered. */
const HANDSHAKE = /^(?:sec-websocket-.*|connection|upgrade)$/;
/** The range that applications may use begins here; the status of a refused upgrade is added. */
const APPLICATION_CODES = 4000;

/** Manta's own end of a socket: closes with any code, and says when everything was sent. */
type ServerEnd = WebSocket & { end?: (code: number, reason: string) => void };

/** Resolves when both are closed. @throws what kept the framework from opening its socket */
export async function joinSockets(socket: ServerEnd, request: Request, createConnection: () => Duplex): Promise<void> {
  const { WebSocket: Client } = await import("ws");
  const headers = Object.fromEntries([...request.headers].filter(([name]) => !HANDSHAKE.test(name)));
  const protocols = socket.protocol === "" ? [] : [socket.protocol];
  const inner = new Client(`ws://framework${targetOf(request)}`, protocols, {
    headers,
    createConnection: createConnection as never,
    perMessageDeflate: false,
  });
  const end = (code: number, reason: string): void => {
    if (socket.end !== undefined) socket.end(code, reason);
    else socket.close(code >= 3000 ? code : CLOSE_CODE.normal, reason);
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let failure: Error | undefined;

  socket.binaryType = "arraybuffer";
  socket.addEventListener("close", ({ code, reason }) => {
    if (code === CLOSE_CODE.abnormal) inner.terminate();
    else inner.close(code === CLOSE_CODE.noStatus ? undefined : code, reason);
  });
  socket.addEventListener("drain", () => inner.resume());
  inner.on("open", () => {
    // Messages wait in the socket until somebody listens.
    socket.addEventListener("message", ({ data }) => {
      inner.send(data as string | ArrayBuffer);
      if (inner.bufferedAmount <= MAX_UNREAD_BYTES) return;
      end(CLOSE_CODE.tryAgainLater, "the application does not read");
      inner.terminate();
    });
  });
  inner.on("message", (data: Buffer<ArrayBuffer>, isBinary) => {
    socket.send(isBinary ? data : data.toString());
    if (socket.bufferedAmount > MAX_WAITING_BYTES) inner.pause();
  });
  inner.on("unexpected-response", (outgoing, { statusCode = 500, statusMessage = "" }) => {
    end(APPLICATION_CODES + statusCode, statusMessage);
    outgoing.destroy();
  });
  inner.on("error", (reason) => (failure = reason));
  inner.on("close", (code, reason) => {
    if (failure !== undefined && socket.readyState === socket.OPEN) return reject(failure);
    end(
      code === CLOSE_CODE.abnormal ? CLOSE_CODE.internalError : code === CLOSE_CODE.noStatus ? CLOSE_CODE.normal : code,
      reason.toString(),
    );
    resolve();
  });
  return promise;
}
