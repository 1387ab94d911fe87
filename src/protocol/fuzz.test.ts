// Whatever bytes arrive: no reader throws, none takes memory that the input does not pay for, and what was written is
// read back. The seed of a run is in the names of its tests; set MANTA_FUZZ_SEED to repeat it.
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countAllocatedBytes } from "../../tests/fixtures/protocol/allocations.ts";
import { readGolden } from "../../tests/fixtures/protocol/golden.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readError } from "./error-wire.ts";
import { beginFrame, endFrame, FRAME_HEADER_BYTES, FrameParser } from "./frame.ts";
import * as messages from "./messages.ts";
import { decodeValue, encodeToBytes, plainHooks, type Revivers } from "./values.ts";

const seed = Number(process.env["MANTA_FUZZ_SEED"] ?? crypto.getRandomValues(new Int32Array(1))[0]);
const numRuns = 1000;
const label = `${numRuns} cases, seed ${seed}`;

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { seed, numRuns });
}

const revivers: Revivers = { handle: (ref) => ref, body: () => new ReadableStream<Uint8Array>() };

/** Every reader of payloads; each must take any bytes. */
function readEverything(bytes: Uint8Array): void {
  const end = bytes.length;
  decodeValue(bytes, 0, end, revivers);
  readError(bytes, 0, end);
  for (const [name, read] of Object.entries(messages)) {
    if (name.startsWith("read")) (read as (bytes: Uint8Array, offset: number, end: number) => unknown)(bytes, 0, end);
  }
}

const goldenValues = readGolden("value-");
const goldenPayloads = [
  ...readGolden("frame-").map((file) => file.bytes.subarray(FRAME_HEADER_BYTES)),
  ...goldenValues.map((file) => file.bytes),
];

/** Bytes that look like msgpack more often than chance would have it. */
const msgpackLike = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.constantFrom(...goldenValues.map((file) => file.bytes)),
      fc.constantFrom(...[0xc7, 0xc9, 0xdd, 0xdf, 0x9f, 0x8f, 0xc6, 0xdb].map((tag) => new Uint8Array([tag]))),
    ),
    { maxLength: 12 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

const text = fc.string({ unit: "binary", maxLength: 40 });
const key = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "then", "0", "-1", ""));
const leaf = fc.oneof(
  fc.constantFrom(null, undefined, true, false, -0, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 32, -(2 ** 31) - 1),
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 70_000 }),
  fc.double(),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.date({ noInvalidDate: false }),
  text,
);
const bytes = fc.oneof(
  fc.uint8Array(),
  fc.float64Array(),
  fc.int16Array(),
  fc.bigInt64Array(),
  fc.uint8Array().map((array) => new DataView(array.slice().buffer)),
  fc.uint8Array().map((array) => array.slice().buffer),
);

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 5, withCrossShrink: true }, fc.oneof(leaf, bytes), tie("container")),
  container: fc.oneof(
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(key, tie("value"), { maxKeys: 6, noNullPrototype: true }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
  ),
}));

describe("fuzzing", () => {
  it(`any value comes back equal and to the last byte (${label})`, () => {
    check(anyValue, (value) => {
      const encoded = encodeToBytes(value, plainHooks, "value");
      const decoded = decodeValue(encoded, 0, encoded.length, revivers);
      expect(decoded).toMatchObject({ ok: true, end: encoded.length });
      expect(isDeepStrictEqual(decoded.ok && decoded.value, value)).toBe(true);
    });
  });

  it(`no reader throws on random bytes (${label})`, () => {
    check(fc.uint8Array({ maxLength: 64 }), readEverything);
    check(msgpackLike, readEverything);
  });

  it("no reader throws on a golden payload cut at any byte, and no cut value is taken for a whole one", () => {
    for (const payload of goldenPayloads)
      for (let end = 0; end < payload.length; end++) readEverything(payload.subarray(0, end));
    for (const { bytes: whole } of goldenValues) {
      for (let end = 0; end < whole.length; end++) expect(decodeValue(whole, 0, end, revivers).ok).toBe(false);
    }
  });

  it(`no reader throws on golden payloads with flipped bits (${label})`, () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 4 });
    check(
      fc.tuple(fc.constantFrom(...goldenPayloads.filter((payload) => payload.length > 0)), flips),
      ([payload, places]) => {
        const broken = payload.slice();
        for (const [at, bit] of places) broken[at % broken.length]! ^= 1 << bit;
        readEverything(broken);
      },
    );
  });

  it(`decoding never asks for more bytes than the input has (${label})`, () => {
    check(msgpackLike, (bytes) => {
      expect(countAllocatedBytes(() => decodeValue(bytes, 0, bytes.length, revivers))).toBeLessThanOrEqual(
        bytes.length,
      );
    });
  });

  it.each([
    ["array 32", [0xdd]],
    ["map 32", [0xdf]],
    ["bin 32", [0xc6]],
    ["text 32", [0xdb]],
    ["ext 32", [0xc9]],
    ["array 32 nested in a Map", [0xc7, 6, 4, 0xdd]],
  ])("%s that announces 4 GiB is refused without memory for it (D1)", (_, head) => {
    const bytes = new Uint8Array([...head, 0xff, 0xff, 0xff, 0xff, 1, 1]);
    const allocated = countAllocatedBytes(() => expect(decodeValue(bytes, 0, bytes.length, revivers).ok).toBe(false));
    expect(allocated).toBe(0);
  });

  it("100,000 nested arrays are refused rather than overflowing the stack", () => {
    const bytes = new Uint8Array(100_000).fill(0x91);
    expect(decodeValue(bytes, 0, bytes.length, revivers)).toMatchObject({
      ok: false,
      reason: "nested deeper than 512 levels",
    });
  });

  it(`frames come out alike however the stream is cut (${label})`, () => {
    const frames = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 21 }), fc.nat(0xffff_ffff), fc.uint8Array({ maxLength: 200 })),
      { maxLength: 8 },
    );
    check(
      fc.tuple(frames, fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 })),
      ([sent, cuts]) => {
        const parser = new FrameParser(1000);
        const seen: unknown[] = [];
        const stream = writeFrames(sent);
        for (let at = 0, i = 0; at < stream.length; i++) {
          const next = at + (cuts[i % cuts.length] ?? 1);
          expect(
            parser.push(stream.subarray(at, next), (type, callId, payload) => seen.push([type, callId, [...payload]])),
          ).toBeUndefined();
          at = next;
        }
        expect(seen).toEqual(sent.map(([type, callId, payload]) => [type, callId, [...payload]]));
      },
    );
  });

  it(`the parser neither throws nor holds more than twice what arrived, on random chunks (${label})`, () => {
    check(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
      const parser = new FrameParser();
      let arrived = 0;
      const allocated = countAllocatedBytes(() => {
        for (const chunk of chunks) {
          arrived += chunk.length;
          parser.push(chunk, (_type, _callId, payload) => readEverything(payload.subarray(0, 0)));
        }
      });
      expect(allocated).toBeLessThanOrEqual(64 * chunks.length + 4 * arrived);
    });
  });
});

function writeFrames(frames: readonly (readonly [number, number, Uint8Array])[]): Uint8Array {
  const writer = new ByteWriter();
  for (const [type, callId, payload] of frames) {
    const start = beginFrame(writer, type, callId);
    writer.bytes(payload);
    endFrame(writer, start);
  }
  return writer.take();
}
