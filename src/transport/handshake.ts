// Proof of the instance's token before anything else is accepted (architecture section 4). The token never travels.
//   R1  The acceptor speaks first: CHALLENGE; the dialer answers HELLO; the acceptor's HELLO ends it.
//   R2  Only the awaited frame type is accepted; everything else is refused with a named reason.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { ServeError } from "../core/errors.ts";
import type { Role } from "../protocol/control.ts";
import { FRAME } from "../protocol/frame.ts";
import {
  PROTOCOL_VERSION,
  readChallenge,
  readHello,
  writeChallenge,
  writeHello,
  type Hello,
} from "../protocol/messages.ts";
import type { ByteChannel } from "./byte-channel.ts";
import { Connection, type Peer } from "./connection.ts";
import { HandshakeStage, type StageListener } from "./handshake-stage.ts";
import type { Identity } from "./transport.ts";

const NONCE_BYTES = 16;
const EMPTY = new Uint8Array(0);

/** Runs the acceptor's side. Resolves with undefined when the peer did not prove itself; it was told why. */
export async function acceptHandshake(
  channel: ByteChannel,
  self: Identity,
  token: string,
  admit: (peer: Peer) => string | undefined,
  clock: Clock,
): Promise<Connection | undefined> {
  const nonce = randomBytes(NONCE_BYTES);
  const listen = (stage: HandshakeStage): StageListener => {
    stage.send(FRAME.challenge, (writer) => writeChallenge(writer, PROTOCOL_VERSION, nonce));
    return (type, payload) => {
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
  };
  const outcome = await new HandshakeStage(channel, listen, clock).outcome;
  return outcome instanceof Connection ? outcome : undefined;
}

/** Runs the dialer's side. @throws {ServeError} PROTOCOL with the acceptor's reason, ENGINE when it gave none */
export async function dialHandshake(
  channel: ByteChannel,
  self: Identity,
  token: string,
  clock: Clock,
): Promise<Connection> {
  const nonce = randomBytes(NONCE_BYTES);
  let theirs: Uint8Array | undefined;
  const listen =
    (stage: HandshakeStage): StageListener =>
    (type, payload) => {
      if (theirs === undefined) {
        const challenge = type === FRAME.challenge ? readChallenge(payload, 0, payload.length) : undefined;
        if (challenge === undefined) return stage.refuse("expected CHALLENGE");
        theirs = challenge.nonce;
        const unsigned = helloOf(self, nonce, EMPTY);
        const mac = dialProof(token, challenge.nonce, unsigned);
        return stage.send(FRAME.hello, (writer) => writeHello(writer, { ...unsigned, mac }));
      }
      const hello = type === FRAME.hello ? readHello(payload, 0, payload.length) : undefined;
      if (hello === undefined) return stage.refuse("expected HELLO");
      const expected = proof(token, ["accept", theirs, nonce]);
      if (!proves(hello.mac, expected)) return stage.refuse("the acceptor does not know the token");
      stage.succeed(peerOf(hello));
    };
  const outcome = await new HandshakeStage(channel, listen, clock).outcome;
  if (outcome instanceof Connection) return outcome;
  throw new ServeError(outcome.code, `handshake failed: ${outcome.reason}`);
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
