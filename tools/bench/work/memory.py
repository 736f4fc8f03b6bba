"""Memory while much streams through: down as it is, down rewritten, up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..clients import Client, ClientError
from ..contestants import Bench, Contestant
from ..rows import Row, at_most

LIMIT_MB = 10.0
PAUSE_SECONDS = 0.02
UP = "/prod/pcs/bench/upload/"

Stream = Callable[[Client, int], Awaitable[None]]


async def measure(bench: Bench) -> list[Row]:
    """How far the worker's resident memory rises above what a first, shorter stream left."""
    cookies = await bench.sign_in()
    megabytes = 200 if bench.quick else 1000

    async def down(client: Client, count: int) -> None:
        await client.drain(f"/prod/static/large/{count}.bin")

    async def page(client: Client, count: int) -> None:
        await client.drain(f"/prod/panda/large/{count}/")

    async def up(client: Client, count: int) -> None:
        fields = {"Cookie": cookies[0], "Sec-Fetch-Site": "same-origin", "Content-Type": "application/octet-stream"}
        status = await client.upload(UP, fields, count * 1_000_000)
        if status != 200:
            raise ClientError(f"the upload was answered by {status}")

    ways: dict[str, tuple[str, Stream]] = {
        "down": ("streams to a reader", down),
        "rewritten": ("of a page stream to a reader", page),
        "up": ("stream from a reader", up),
    }
    rows = []
    async with bench.gateway() as contestant:
        for name, (words, stream) in ways.items():
            rise, before = await _rise(contestant, stream, megabytes)
            rows.append(
                at_most(
                    f"memory.{name}",
                    f"rise of memory while {megabytes:,} MB {words}",
                    rise,
                    "MB",
                    limit=LIMIT_MB,
                    against=f"{before:.0f} MB before",
                )
            )
    return rows


async def _rise(contestant: Contestant, stream: Stream, megabytes: int) -> tuple[float, float]:
    """Megabytes above those before, and those before."""
    client = Client(contestant.port)
    try:
        await stream(client, 50)
        before = contestant.process.resident()
        highest = before
        streaming = asyncio.ensure_future(stream(client, megabytes))
        while not streaming.done():
            highest = max(highest, contestant.process.resident())
            await asyncio.wait({streaming}, timeout=PAUSE_SECONDS)
        await streaming
    finally:
        client.close()
    return (highest - before) / 1e6, before / 1e6
