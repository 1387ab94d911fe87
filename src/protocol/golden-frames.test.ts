// The golden files of frames: hand-written bytes that this room and tests/python/test_golden_frames.py both encode
// and decode, one for each frame type.
import { describe, expect, it } from "vitest";
import { readGolden, toHex, type Golden } from "../../tests/fixtures/protocol/golden.ts";
import { reviveServeError, type ServeErrorData } from "../core/errors.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readError, writeError } from "./error-wire.ts";
import { reviveError, type ErrorParts } from "./error-value.ts";
import { beginFrame, endFrame, FRAME, FrameParser, type FrameName } from "./frame.ts";
import * as m from "./messages.ts";
import { decodeValue, encodeValue, plainHooks, plainRevivers } from "./values.ts";

/** Content of a golden frame; each frame uses some of it. */
interface Content extends m.CallMeta, m.Hello, m.HttpHead {
  readonly frame: FrameName;
  readonly callId: number;
  readonly ongoing: number;
  readonly reason: number;
  readonly args: unknown;
  readonly body: unknown;
  readonly value: unknown;
  readonly pieces: number | null;
  readonly stream: number;
  readonly flags: number;
  readonly bytes: unknown;
  readonly ok: boolean;
  readonly error: ServeErrorData;
  readonly code: string;
  readonly message: string;
  readonly topic: string;
  readonly trailers: readonly string[];
}

function content(golden: Golden): Content {
  return golden.expected as unknown as Content;
}

function hex(text: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(text as string, "hex"));
}

function makeError(data: ServeErrorData): ReturnType<typeof reviveServeError> {
  return reviveServeError("cause" in data ? { ...data, cause: reviveError(data.cause as ErrorParts) } : data);
}

interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: string[];
}

const writers: Record<FrameName, (w: ByteWriter, c: Content) => void> = {
  challenge: (w, c) => m.writeChallenge(w, c.version, hex(c.nonce)),
  hello: (w, c) => m.writeHello(w, { ...c, nonce: hex(c.nonce), mac: hex(c.mac) }),
  call(w, c) {
    m.writeCallMeta(w, { ...c, http: c.http ?? undefined });
    if (c.kind === m.CALL_KIND.http) w.bytes(hex(c.body));
    else encodeValue(w, c.args, plainHooks, "args");
  },
  accept: (w, c) => m.writeOngoing(w, c.ongoing),
  reject: (w, c) => m.writeReject(w, c.ongoing, c.reason),
  result(w, c) {
    const http = c.http as unknown as Head | undefined;
    if (http === undefined) {
      m.writeValueResult(w, c.ongoing, c.streams);
      return encodeValue(w, c.value, plainHooks, "value");
    }
    m.writeHttpResult(w, c.ongoing, http.status, http.statusText, http.headers);
    w.bytes(hex(c.body));
  },
  head(w, c) {
    const http = c.http as unknown as Head | undefined;
    if (http === undefined) m.writeValueHead(w, c.ongoing, c.pieces ?? undefined);
    else m.writeHttpHead(w, c.ongoing, http.status, http.statusText, http.headers);
  },
  chunk(w, c) {
    m.writeChunkHeader(w, c.stream, c.flags);
    w.bytes(hex(c.bytes));
  },
  end: (w, c) => m.writeEnd(w, c.ongoing, c.stream, c.trailers),
  error(w, c) {
    m.writeOngoing(w, c.ongoing);
    writeError(w, makeError(c.error));
  },
  cancel: (w, c) => m.writeCancel(w, c.reason),
  credit: (w, c) => m.writeCredit(w, c.stream, c.bytes as number),
  free: (w, c) => m.writeOngoing(w, c.ongoing),
  drain: () => undefined,
  drained: () => undefined,
  request: (w, c) => m.writeRequest(w, c.method, c.body),
  reply(w, c) {
    if (c.ok) m.writeReplyValue(w, c.value);
    else m.writeReplyError(w, (writer) => writeError(writer, makeError(c.error)));
  },
  notify: (w, c) => m.writeNotify(w, c.topic, c.body),
  ping: () => undefined,
  pong: () => undefined,
  close: (w, c) => m.writeClose(w, c.code, c.message),
};

function value(p: Uint8Array, at: number): unknown {
  const decoded = decodeValue(p, at, p.length, plainRevivers);
  return decoded.ok ? decoded.value : decoded.reason;
}

function error(p: Uint8Array, at: number): object {
  const { code, message, retryable, details, cause } = readError(p, at, p.length);
  if (!(cause instanceof Error)) return { code, message, retryable, details };
  const { name, message: causeMessage, stack } = cause;
  return {
    code,
    message,
    retryable,
    details,
    cause: { name, message: causeMessage, stack, fields: Object.fromEntries(Object.entries(cause)) },
  };
}

function http(p: Uint8Array, at: number): [Head, number] {
  const { end, ...head } = m.readHttpHead(p, at, p.length) as m.HttpHead;
  return [head, end];
}

const readers: Record<FrameName, (p: Uint8Array, c: Content) => object | undefined> = {
  challenge(p) {
    const read = m.readChallenge(p, 0, p.length) as m.Challenge;
    return { ...read, nonce: toHex(read.nonce) };
  },
  hello(p) {
    const read = m.readHello(p, 0, p.length) as m.Hello;
    return { ...read, nonce: toHex(read.nonce), mac: toHex(read.mac) };
  },
  call(p) {
    const { meta, bodyAt } = m.readCall(p, 0, p.length) as m.IncomingCall;
    if (meta.kind === m.CALL_KIND.http) return { ...meta, body: toHex(p.subarray(bodyAt)) };
    return { ...meta, http: null, args: value(p, bodyAt) };
  },
  accept: (p) => ({ ongoing: m.readOngoing(p, 0, p.length) }),
  reject: (p) => m.readReject(p, 0, p.length),
  result(p, c) {
    const { ongoing, streams, metaAt } = m.readResultHeader(p, 0, p.length) as {
      ongoing: number;
      streams: number;
      metaAt: number;
    };
    if (c.http === undefined) return { ongoing, streams, value: value(p, metaAt + 4) };
    const [head, end] = http(p, metaAt);
    return { ongoing, streams, http: head, body: toHex(p.subarray(end)) };
  },
  head(p, c) {
    const ongoing = m.readOngoing(p, 0, p.length);
    if (c.http !== undefined) return { ongoing, http: http(p, 2)[0] };
    const head = m.readValueHead(p, 2, p.length);
    return { ongoing, pieces: head?.single === true ? head.streams : null };
  },
  chunk: (p) => ({ ...m.readChunkHeader(p, 0, p.length), bytes: toHex(p.subarray(m.CHUNK_HEADER_BYTES)) }),
  end: (p) => ({ ...m.readEnd(p, 0, p.length), trailers: m.readTrailers(p, 0, p.length) }),
  error: (p) => ({ ongoing: m.readOngoing(p, 0, p.length), error: error(p, 2) }),
  cancel(p) {
    const reason = m.readCancel(p, 0, p.length);
    return { reason: reason && m.CANCEL_REASON[reason] };
  },
  credit: (p) => m.readCredit(p, 0, p.length),
  free: (p) => ({ ongoing: m.readOngoing(p, 0, p.length) }),
  drain: () => ({}),
  drained: () => ({}),
  request: (p) => m.readRequest(p, 0, p.length),
  reply(p) {
    const reply = m.readReply(p, 0, p.length) as m.Reply;
    return reply.ok ? reply : { ok: false, error: error(p, reply.errorAt) };
  },
  notify: (p) => m.readNotify(p, 0, p.length),
  ping: () => ({}),
  pong: () => ({}),
  close: (p) => m.readClose(p, 0, p.length),
};

describe("golden frames", () => {
  const files = readGolden("frame-");

  it("there is a file for each frame type", () => {
    expect(new Set(files.map((file) => file.expected["frame"]))).toEqual(new Set(Object.keys(FRAME)));
  });

  it.each(files)("$name encodes to the hand-written bytes", (golden) => {
    const writer = new ByteWriter();
    const { frame, callId } = content(golden);
    const start = beginFrame(writer, FRAME[frame], callId);
    writers[frame](writer, content(golden));
    endFrame(writer, start);
    expect(toHex(writer.take())).toBe(toHex(golden.bytes));
  });

  it.each(files)("$name decodes to what its header says", (golden) => {
    const { frame } = content(golden);
    const seen: unknown[] = [];
    const fault = new FrameParser().push(golden.bytes, (type, callId, payload) => {
      expect(type).toBe(FRAME[frame]);
      seen.push({ frame, callId, ...readers[frame](payload, content(golden)) });
    });
    expect(fault).toBeUndefined();
    expect(seen).toEqual([golden.expected]);
  });
});
