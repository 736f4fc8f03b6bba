"""Slow clients, a monitor that stalls, answers that break off: what do the other readers feel?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from ..clients import Client, ClientError, Crowd, Outcome, seconds_of
from ..contestants import Bench, Contestant
from ..figures import Latency, percent, times
from ..rows import Row, at_most, told
from .outage import warm
from .traffic import Traffic

RATE = 100
RTT = 0.020
SLOW_CLIENTS = 500
STALLED_CLIENTS = 20
# Small, so that it is soon full and memory can be compared.
CACHE_BYTES = 16 << 20
RESET_SHARE = 0.01
SETTLE_SECONDS = 12.0


async def measure(bench: Bench) -> list[Row]:
    """The same readers with and without all of it."""
    cookies = await bench.sign_in()
    await bench.far.do("link", rtt=RTT)
    try:
        async with bench.gateway(
            "linked_plain", cache_bytes=CACHE_BYTES, cache_object_bytes=CACHE_BYTES // 4
        ) as contestant:
            await warm(contestant)
            await _paced(contestant, cookies, "warm", 2)
            normal = Latency.of(seconds_of(await _paced(contestant, cookies, "normal", bench.span(5, 30))))
            clients, memory = contestant.clients(), contestant.process.resident()
            async with slow_clients(contestant), stalled_clients(contestant):
                await bench.far.do("resets", share=RESET_SHARE)
                outcomes = await _paced(contestant, cookies, "faults", bench.span(10, 120))
                resets = (await bench.far.do("figures"))["links"]["resets"]
                await bench.far.do("mend")
            await asyncio.sleep(bench.span(4, SETTLE_SECONDS))
            left = contestant.clients() - clients
            pooled = (await bench.far.do("figures"))["links"]["open"]
            rise = (contestant.process.resident() - memory) / 1e6
    finally:
        await bench.far.do("mend")
        await bench.far.do("link", rtt=0.0)
    return [*_rows(normal, outcomes, resets), *_left(left, pooled, rise)]


def _rows(normal: Latency, outcomes: list[Outcome], resets: int) -> list[Row]:
    got = Latency.of(seconds_of(outcomes))
    failed = sum(one.reply is None or one.reply.status >= 500 for one in outcomes)
    return [
        at_most(
            "faults.p99",
            f"p99 of other readers while {SLOW_CLIENTS} clients are slow, {STALLED_CLIENTS} pages stall, 1 % are reset",
            times(got.p99, normal.p99),
            "times",
            limit=3,
            against=f"normal {normal.p99:.1f} ms; with faults {got.p99:.1f} ms",
        ),
        told(
            "faults.failed",
            "of other readers, told that the monitor's answer broke off",
            percent(failed, len(outcomes)),
            "%",
            against=f"{resets} answers were reset",
        ),
    ]


def _left(clients: int, pooled: int, rise: float) -> list[Row]:
    return [
        at_most(
            "faults.connections",
            "connections of clients left afterwards",
            max(clients, 0),
            "connections",
            limit=0,
            against=f"{pooled} to the monitor, pooled",
        ),
        told("faults.memory", "rise of memory afterwards", rise, "MB"),
    ]


async def _paced(contestant: Contestant, cookies: list[str], name: str, seconds: float) -> list[Outcome]:
    crowd = Crowd(contestant.port)
    try:
        return await crowd.pace(RATE, seconds, Traffic(cookies, name, writes=False).question)
    finally:
        crowd.close()


@asynccontextmanager
async def slow_clients(contestant: Contestant) -> AsyncIterator[None]:
    """Clients who send a request byte by byte, one a second, and come again when they are sent away."""

    async def one() -> None:
        while True:
            with suppress(OSError):
                _reader, writer = await asyncio.open_connection("127.0.0.1", contestant.port)
                try:
                    writer.write(b"GET /prod/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
                    while not writer.is_closing():
                        await asyncio.sleep(1)
                        writer.write(b"a")
                        await writer.drain()
                finally:
                    writer.close()
            await asyncio.sleep(1)

    async with _meanwhile(one, SLOW_CLIENTS):
        yield


@asynccontextmanager
async def stalled_clients(contestant: Contestant) -> AsyncIterator[None]:
    """Readers of pages that the monitor takes ten seconds for."""
    numbers = iter(range(1_000_000))

    async def one() -> None:
        while True:
            client = Client(contestant.port)
            try:
                with suppress(ClientError):
                    await client.ask(f"/prod/panda/stall/{next(numbers)}/")
            finally:
                client.close()
            await asyncio.sleep(0.2)

    async with _meanwhile(one, STALLED_CLIENTS):
        yield


@asynccontextmanager
async def _meanwhile(one: object, count: int) -> AsyncIterator[None]:
    assert callable(one)
    tasks = [asyncio.ensure_future(one()) for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
