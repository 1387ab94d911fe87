"""Talks to tests/fixtures/faults/sockets.ts with the `websockets` package: python talk_websocket.py ws://host:port

Prints what it saw as one JSON object.
"""

import asyncio
import json
import sys

import websockets


async def talk(url: str) -> dict[str, object]:
    seen: dict[str, object] = {}
    async with websockets.connect(f"{url}/echo") as socket:
        await socket.send("hé")
        seen["text"] = await socket.recv()
        await socket.send(b"\x00\xff")
        seen["bytes"] = list(await socket.recv())
        await socket.send(["frag", "mented"])
        seen["fragments"] = await socket.recv()
        await socket.send(b"x" * 900_000)
        seen["long"] = len(await socket.recv())
        await asyncio.wait_for(await socket.ping(), 10)
    seen["own close"] = socket.close_code

    headers = {"x-name": "Ada"}
    async with websockets.connect(f"{url}/greet", additional_headers=headers, subprotocols=["chat"]) as socket:
        seen["greeting"] = await socket.recv()

    async with websockets.connect(f"{url}/close") as socket:
        try:
            await socket.recv()
        except websockets.ConnectionClosed as closed:
            seen["its close"] = [closed.rcvd.code, closed.rcvd.reason]

    async with websockets.connect(f"{url}/flood") as socket:
        seen["flood"] = sum([len(await socket.recv()) for _ in range(2000)])
    return seen


print(json.dumps(asyncio.run(talk(sys.argv[1]))))
