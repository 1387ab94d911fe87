"""The golden frames and values, encoded and decoded by Python: what docs/reference/protocol.md says is enough.

Run with `python -m unittest discover tests/python`; needs `msgpack` (requirements-dev.txt). The codec below is a
minimal second implementation made from that page alone; it shares nothing with the TypeScript one but the files.
"""

import json
import math
import re
import struct
import unittest
from pathlib import Path

import msgpack

FIXTURES = Path(__file__).parent.parent / "fixtures" / "protocol"

FRAMES = (
    "challenge hello call accept reject result head chunk end error cancel credit free drain drained "
    "request reply notify ping pong close"
).split()
EXT = {
    name: number
    for number, name in enumerate(
        "undefined bigint date map set error arrayBuffer typedArray request response handle".split(), start=1
    )
}
ARRAY_KINDS = (
    "DataView Int8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array "
    "BigInt64Array BigUint64Array Float16Array"
).split()
MAX_SAFE = 2**53 - 1


# Values. In memory a value is the tagged JSON of the files: {"$bigint": "1"}; so both directions compare text.


def pack(value):
    return msgpack.packb(prepare(value), use_bin_type=True)


def prepare(value):
    """Tagged JSON -> what msgpack packs."""
    if isinstance(value, list):
        return [prepare(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = next(iter(value), "")
    if not tag.startswith("$"):
        return {key: prepare(item) for key, item in value.items()}
    content = value[tag]
    if tag == "$number":
        return float(content)
    if tag == "$bytes":
        return bytes.fromhex(content)
    name, payload = EXTENSIONS[tag](content)
    return msgpack.ExtType(EXT[name], payload)


def pack_bigint(text):
    number = int(text)
    size = (abs(number).bit_length() + 7) // 8
    return "bigint", bytes([number < 0]) + abs(number).to_bytes(size, "big")


def pack_error(parts):
    cause = pack(parts["cause"]) if "cause" in parts else b"\xc0"
    head = msgpack.packb(parts["name"]) + msgpack.packb(parts["message"]) + msgpack.packb("cause" in parts)
    return "error", b"\x95" + head + cause + pack(parts["fields"])


EXTENSIONS = {
    "$undefined": lambda _: ("undefined", b""),
    "$bigint": pack_bigint,
    "$date": lambda ms: ("date", struct.pack(">d", math.nan if ms is None else ms)),
    "$map": lambda entries: ("map", pack([part for entry in entries for part in entry])),
    "$set": lambda items: ("set", pack(items)),
    "$error": pack_error,
    "$arrayBuffer": lambda text: ("arrayBuffer", bytes.fromhex(text)),
    "$typedArray": lambda c: ("typedArray", bytes([ARRAY_KINDS.index(c[0])]) + bytes.fromhex(c[1])),
    "$request": lambda r: ("request", pack([r["method"], r["url"], r["headers"], r["body"]])),
    "$response": lambda r: ("response", pack([r["status"], r["statusText"], r["headers"], r["body"]])),
    "$handle": lambda h: ("handle", pack([h["application"], h["deployment"], h.get("options")])),
}


def unpack(data):
    hooks = {"ext_hook": revive, "object_pairs_hook": revive_pairs, "list_hook": revive_list}
    return plain(msgpack.unpackb(data, **hooks))


def revive_list(items):
    return [plain(item) for item in items]


def revive_pairs(pairs):
    return {key: plain(item) for key, item in pairs}


def plain(value):
    """What msgpack unpacked -> tagged JSON."""
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return {"$number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
        return {"$number": "-0"} if value == 0 and math.copysign(1, value) < 0 else value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_SAFE:
        return {"$bigint": str(value)}
    return value


def revive(number, payload):
    name = next(key for key, value in EXT.items() if value == number)
    if name == "undefined":
        return {"$undefined": True}
    if name == "bigint":
        magnitude = int.from_bytes(payload[1:], "big")
        return {"$bigint": str(-magnitude if payload[0] else magnitude)}
    if name == "date":
        (ms,) = struct.unpack(">d", payload)
        return {"$date": None if math.isnan(ms) else int(ms)}
    if name == "arrayBuffer":
        return {"$arrayBuffer": payload.hex()}
    if name == "typedArray":
        return {"$typedArray": [ARRAY_KINDS[payload[0]], payload[1:].hex()]}
    return {f"${name}": revive_parts(name, unpack(payload))}


def revive_parts(name, parts):
    if name == "set":
        return parts
    if name == "map":
        return [list(entry) for entry in zip(parts[::2], parts[1::2])]
    if name == "error":
        error = {"name": parts[0], "message": parts[1], "fields": parts[4]}
        return {**error, "cause": parts[3]} if parts[2] else error
    keys = {
        "request": ["method", "url", "headers", "body"],
        "response": ["status", "statusText", "headers", "body"],
        "handle": ["application", "deployment", "options"],
    }[name]
    content = dict(zip(keys, parts))
    if name == "handle" and content["options"] is None:
        del content["options"]
    return content


# Frames. `u32 length | u8 type | u32 call id | payload`, little endian.


def pack_frame(content):
    payload = FRAME_WRITERS[content["frame"]](content)
    return struct.pack("<IBI", 5 + len(payload), FRAMES.index(content["frame"]) + 1, content["callId"]) + payload


def unpack_frame(data):
    length, number, call_id = struct.unpack_from("<IBI", data)
    assert length == len(data) - 4
    name = FRAMES[number - 1]
    return {"frame": name, "callId": call_id, **FRAME_READERS[name](data[9:])}


CALL_TEXTS = ["method", "requestId", "route", "multiplexedModelId", "sessionId"]


def with_length(data):
    return struct.pack("<I", len(data)) + data


def take_meta(data):
    (length,) = struct.unpack_from("<I", data)
    return msgpack.unpackb(data[4 : 4 + length]) if length else None, data[4 + length :]


def write_call(c):
    http = c["http"] and [c["http"][key] for key in ("verb", "url", "headers", "flags", "client")]
    meta = [c["kind"], c["method"], c["requestId"], c["timeoutMs"], c["route"] or None, c["multiplexedModelId"] or None]
    priority = {"high": 0, "normal": None, "low": 2}[c["priority"]]
    meta += [c["sessionId"] or None, priority, c["streams"], c["continues"], http]
    return with_length(msgpack.packb(meta)) + (pack(c["args"]) if c["kind"] == 0 else bytes.fromhex(c["body"]))


def read_call(data):
    meta, body = take_meta(data)
    kind, method, request_id, timeout_ms, route, model, session, priority, streams, continues, http = meta[:11]
    call = {"kind": kind, "method": method, "requestId": request_id, "timeoutMs": timeout_ms, "route": route or ""}
    call |= {"multiplexedModelId": model or "", "sessionId": session or "", "streams": streams, "continues": continues}
    call["priority"] = {0: "high", 2: "low"}.get(priority, "normal")
    call["http"] = http and dict(zip(("verb", "url", "headers", "flags", "client"), http))
    return call | ({"args": unpack(body)} if kind == 0 else {"body": body.hex()})


def http_meta(http):
    return with_length(msgpack.packb([http["status"], http["statusText"], http["headers"]]))


def read_http(meta):
    return dict(zip(("status", "statusText", "headers"), meta))


def write_result(c):
    head = struct.pack("<HH", c["ongoing"], c["streams"])
    if "http" in c:
        return head + http_meta(c["http"]) + bytes.fromhex(c["body"])
    return head + with_length(b"") + pack(c["value"])


def read_result(data):
    ongoing, streams = struct.unpack_from("<HH", data)
    meta, body = take_meta(data[4:])
    head = {"ongoing": ongoing, "streams": streams}
    return head | ({"value": unpack(body)} if meta is None else {"http": read_http(meta), "body": body.hex()})


def write_head(c):
    meta = http_meta(c["http"]) if "http" in c else with_length(msgpack.packb([] if c["pieces"] is None else [c["pieces"]]))
    return struct.pack("<H", c["ongoing"]) + meta


def read_head(data):
    meta, _ = take_meta(data[2:])
    head = {"ongoing": struct.unpack_from("<H", data)[0]}
    if len(meta) == 3:
        return head | {"http": read_http(meta)}
    return head | {"pieces": meta[0] if meta else None}


def fixed(form, *keys):
    return (
        lambda c: struct.pack(form, *(c[key] for key in keys)),
        lambda data: dict(zip(keys, struct.unpack_from(form, data))),
    )


def array(*keys, binary=()):
    return (
        lambda c: msgpack.packb([bytes.fromhex(c[key]) if key in binary else prepare(c[key]) for key in keys]),
        lambda data: {key: item["$bytes"] if key in binary else item for key, item in zip(keys, unpack(data))},
    )


CODECS = {
    "challenge": array("version", "nonce", binary=("nonce",)),
    "hello": array("version", "role", "id", "epoch", "capabilities", "nonce", "mac", binary=("nonce", "mac")),
    "call": (write_call, read_call),
    "accept": fixed("<H", "ongoing"),
    "reject": fixed("<HB", "ongoing", "reason"),
    "result": (write_result, read_result),
    "head": (write_head, read_head),
    "chunk": (
        lambda c: struct.pack("<BH", c["flags"], c["stream"]) + bytes.fromhex(c["bytes"]),
        lambda data: dict(zip(("flags", "stream"), struct.unpack_from("<BH", data)), bytes=data[3:].hex()),
    ),
    "end": (
        lambda c: struct.pack("<HH", c["ongoing"], c["stream"]) + (msgpack.packb(c["trailers"]) if c["trailers"] else b""),
        lambda data: dict(
            zip(("ongoing", "stream"), struct.unpack_from("<HH", data)),
            trailers=msgpack.unpackb(data[4:]) if data[4:] else [],
        ),
    ),
    "error": (
        lambda c: struct.pack("<H", c["ongoing"]) + pack(c["error"]),
        lambda data: {"ongoing": struct.unpack_from("<H", data)[0], "error": unpack(data[2:])},
    ),
    "cancel": fixed("<B", "reason"),
    "credit": fixed("<HI", "stream", "bytes"),
    "free": fixed("<H", "ongoing"),
    "request": array("method", "body"),
    "reply": (
        lambda c: msgpack.packb([c["ok"], prepare(c["value"] if c["ok"] else c["error"])]),
        lambda data: dict(zip(("ok", "value" if unpack(data)[0] else "error"), unpack(data))),
    ),
    "notify": array("topic", "body"),
    "close": array("code", "message"),
}
EMPTY = (lambda _: b"", lambda _: {})
FRAME_WRITERS = {name: CODECS.get(name, EMPTY)[0] for name in FRAMES}
FRAME_READERS = {name: CODECS.get(name, EMPTY)[1] for name in FRAMES}


def golden(prefix):
    for file in sorted(FIXTURES.glob(f"{prefix}*.hex")):
        lines = file.read_text(encoding="utf-8").splitlines()
        expected = json.loads("\n".join(line[2:] for line in lines if line.startswith("#=")))
        yield file.stem, expected, bytes.fromhex("".join(re.sub("#.*", "", line) for line in lines))


def canonical(tagged):
    """Text that tells 1 from 1.0, as `==` does not."""
    return json.dumps(tagged, sort_keys=True)


class GoldenFrames(unittest.TestCase):
    def test_there_is_a_file_for_each_frame_type(self):
        self.assertEqual({expected["frame"] for _, expected, _ in golden("frame-")}, set(FRAMES))

    def test_frames_encode_to_the_hand_written_bytes(self):
        for name, expected, data in golden("frame-"):
            with self.subTest(name):
                self.assertEqual(pack_frame(expected).hex(), data.hex())

    def test_frames_decode_to_what_their_header_says(self):
        for name, expected, data in golden("frame-"):
            with self.subTest(name):
                self.assertEqual(unpack_frame(data), expected)


class GoldenValues(unittest.TestCase):
    def test_there_is_a_file_for_each_extension(self):
        seen = "".join(json.dumps(expected) for _, expected, _ in golden("value-"))
        for tag in EXTENSIONS:
            self.assertIn(tag, seen)

    def test_values_encode_to_the_hand_written_bytes(self):
        for name, expected, data in golden("value-"):
            with self.subTest(name):
                self.assertEqual(pack(expected["value"]).hex(), data.hex())

    def test_values_decode_to_what_their_header_says(self):
        for name, expected, data in golden("value-"):
            with self.subTest(name):
                self.assertEqual(canonical(unpack(data)), canonical(expected["value"]))


if __name__ == "__main__":
    unittest.main()
