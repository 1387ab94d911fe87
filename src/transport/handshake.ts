// Proof of the instance's token before anything else is accepted (architecture section 4). The token never travels.
//   R1  The acceptor speaks first: CHALLENGE; the dialer answers HELLO; the acceptor's HELLO ends it.
//   R2  Until then at most 4 KiB are read and only the awaited frame type is accepted.
//   R3  A peer that is silent for 5 s is dropped.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Cancel, Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import { ByteWriter } from "../protocol/byte-writer.ts";
import type { Role } from "../protocol/control.ts";
import { beginFrame, endFrame, FRAME, FrameParser } from "../protocol/frame.ts";
import {
  PROTOCOL_VERSION,
  readChallenge,
  readClose,
  readHello,
  writeChallenge,
  writeClose,
  writeHello,
  type Hello,
} from "../protocol/messages.ts";
import type { ByteChannel } from "./byte-channel.ts";
import { Connection, type Peer } from "./connection.ts";
import type { Identity } from "./transport.ts";

const HANDSHAKE_LIMIT_BYTES = 4096;
const HANDSHAKE_LIMIT_MS = 5000;
const NONCE_BYTES = 16;
const EMPTY = new Uint8Array(0);

/** Runs the acceptor's side. Resolves with undefined when the peer did not prove itself; it was told why. */
export function acceptHandshake(
  channel: ByteChannel,
  self: Identity,
  token: string,
  admit: (peer: Peer) => string | undefined,
  clock: Clock,
): Promise<Connection | undefined> {
  const nonce = randomBytes(NONCE_BYTES);
  return runHandshake(channel, clock, undefined, (stage) => {
    stage.send(FRAME.challenge, (writer) => writeChallenge(writer, PROTOCOL_VERSION, nonce));
    stage.onFrame = (type, payload) => {
      const hello = type === FRAME.hello ? readHello(payload, 0, payload.length) : undefined;
      if (hello === undefined) return stage.refuse("expected HELLO");
      if (hello.version < 1) return stage.refuse(`protocol version ${hello.version} is not supported`);
      if (!proves(hello.mac, dialProof(token, nonce, hello))) return stage.refuse("the token does not match");
      const peer = peerOf(hello);
      const refusal = admit(peer);
      if (refusal !== undefined) return stage.refuse(refusal);
      const mac = proof(token, ["accept", nonce, hello.nonce]);
      stage.send(FRAME.hello, (writer) => writeHello(writer, helloOf(self, EMPTY, mac)));
      stage.succeed(peer);
    };
  });
}

/** PROTOCOL: somebody refused, and will again. ENGINE: nobody said anything (it died, or hangs); a later try may succeed. */
type FailureCode = "PROTOCOL" | "ENGINE";

/** Runs the dialer's side. @throws {ServeError} PROTOCOL with the acceptor's reason, ENGINE when it gave none */
export async function dialHandshake(channel: ByteChannel, self: Identity, token: string, clock: Clock): Promise<Connection> {
  const nonce = randomBytes(NONCE_BYTES);
  let theirs: Uint8Array | undefined;
  let failure: { readonly reason: string; readonly code: FailureCode } = { reason: "no reason", code: "ENGINE" };
  const onFailure = (reason: string, code: FailureCode): void => void (failure = { reason, code });
  const connection = await runHandshake(channel, clock, onFailure, (stage) => {
    stage.onFrame = (type, payload) => {
      if (theirs === undefined) {
        const challenge = type === FRAME.challenge ? readChallenge(payload, 0, payload.length) : undefined;
        if (challenge === undefined) return stage.refuse("expected CHALLENGE");
        theirs = challenge.nonce;
        const unsigned = helloOf(self, nonce, EMPTY);
        const mac = dialProof(token, challenge.nonce, unsigned);
        stage.send(FRAME.hello, (writer) => writeHello(writer, { ...unsigned, mac }));
        return;
      }
      const hello = type === FRAME.hello ? readHello(payload, 0, payload.length) : undefined;
      if (hello === undefined) return stage.refuse("expected HELLO");
      if (!proves(hello.mac, proof(token, ["accept", theirs, nonce]))) return stage.refuse("the acceptor does not know the token");
      stage.succeed(peerOf(hello));
    };
  });
  if (connection === undefined) throw new ServeError(failure.code, `handshake failed: ${failure.reason}`);
  return connection;
}

interface Stage {
  onFrame: (type: number, payload: Uint8Array) => void;
  send(type: number, write: (writer: ByteWriter) => void): void;
  refuse(reason: string): void;
  succeed(peer: Peer): void;
}

function runHandshake(
  channel: ByteChannel,
  clock: Clock,
  onFailure: ((reason: string, code: FailureCode) => void) | undefined,
  start: (stage: Stage) => void,
): Promise<Connection | undefined> {
  return new Promise((resolve) => {
    const parser = new FrameParser();
    let received = 0;
    let connection: Connection | undefined;
    let over = false;
    let cancelTimer: Cancel = () => undefined;
    const fail = (reason: string, code: FailureCode): void => {
      if (over) return;
      over = true;
      cancelTimer();
      onFailure?.(reason, code);
      resolve(undefined);
    };
    const stage: Stage = {
      onFrame: () => undefined,
      send(type, write) {
        const writer = new ByteWriter();
        const begun = beginFrame(writer, type, 0);
        write(writer);
        endFrame(writer, begun);
        channel.write(writer.take());
      },
      refuse(reason) {
        stage.send(FRAME.close, (writer) => writeClose(writer, "PROTOCOL", reason));
        channel.end();
        fail(reason, "PROTOCOL");
      },
      succeed(peer) {
        over = true;
        cancelTimer();
        connection = new Connection(channel, peer, parser);
        resolve(connection);
      },
    };
    const onFrame = (type: number, callId: number, payload: Uint8Array): void => {
      // Frames may follow the last HELLO in the same read.
      if (connection !== undefined) return connection.receiveFrame(type, callId, payload);
      if (over) return;
      if (type === FRAME.close) {
        channel.destroy("refused");
        return fail(readClose(payload, 0, payload.length)?.message ?? "refused without a reason", "PROTOCOL");
      }
      stage.onFrame(type, payload);
    };
    cancelTimer = clock.after(HANDSHAKE_LIMIT_MS, () => {
      channel.destroy("handshake timed out");
      fail(`no answer within ${HANDSHAKE_LIMIT_MS} ms`, "ENGINE");
    });
    channel.open({
      onData(bytes) {
        if (connection !== undefined) return connection.receive(bytes);
        if (over) return;
        received += bytes.length;
        const fault = parser.push(bytes, onFrame);
        if (over) return;
        if (fault !== undefined) stage.refuse(fault.message);
        else if (received > HANDSHAKE_LIMIT_BYTES) stage.refuse("too much data before HELLO");
      },
      onClose(reason) {
        if (connection !== undefined) return connection.channelClosed(reason);
        fail(reason, "ENGINE");
      },
    });
    start(stage);
  });
}

function helloOf(self: Identity, nonce: Uint8Array, mac: Uint8Array): Hello {
  return { version: PROTOCOL_VERSION, role: self.role, id: self.id, epoch: self.epoch, capabilities: [], nonce, mac };
}

function peerOf(hello: Hello): Peer {
  return { role: hello.role as Role, id: hello.id, epoch: hello.epoch, version: hello.version };
}

function dialProof(token: string, acceptorNonce: Uint8Array, hello: Hello): Uint8Array {
  return proof(token, ["dial", acceptorNonce, hello.nonce, hello.role, hello.id, String(hello.epoch)]);
}

/** HMAC-SHA256 over the parts, each preceded by its length as u32 little endian so that no two lists give equal bytes. */
function proof(token: string, parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hmac = createHmac("sha256", token);
  const length = new DataView(new ArrayBuffer(4));
  for (const part of parts) {
    const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
    length.setUint32(0, bytes.length, true);
    hmac.update(new Uint8Array(length.buffer));
    hmac.update(bytes);
  }
  return hmac.digest();
}

function proves(mac: Uint8Array, expected: Uint8Array): boolean {
  return mac.length === expected.length && timingSafeEqual(mac, expected);
}
