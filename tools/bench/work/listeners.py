"""A thousand listeners on one stream of the monitor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from ..clients import Crowd, Question, seconds_of
from ..contestants import Bench, Contestant
from ..figures import Latency, percentile, times
from ..rows import Row, at_least, at_most, told

LISTENERS = 1000
TARGET = "/prod/api/messages/stream/"
PAGE = "/prod/panda/jobs/"
RATE = 100
AHEAD = 4
"""Events under way at once while the most is measured."""
PATIENCE_SECONDS = 60.0


class Listener(asyncio.Protocol):
    """One browser: counts events as they come."""

    def __init__(self, audience: Audience, cookie: str, number: int) -> None:
        self._audience, self._cookie = audience, cookie
        self._address = f"10.2.{number // 250}.{number % 250 + 1}"
        self.transport: asyncio.Transport | None = None
        self.heard = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        fields = {"Cookie": self._cookie, "Accept": "text/event-stream"}
        self.transport.write(Question(TARGET, headers=fields).wire(self._address))

    def data_received(self, data: bytes) -> None:
        if count := data.count(b'"number": '):
            self.heard += count
            self._audience.note(count)
        elif b"event: connected" in data or data.startswith(b"HTTP/1.1"):
            self._audience.arrived(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._audience.lost += 1


class Audience:
    """All listeners."""

    def __init__(self) -> None:
        self.here: set[Listener] = set()
        self.lost = 0
        self.heard = 0
        self._changed = asyncio.Event()

    def arrived(self, listener: Listener) -> None:
        """A listener has its stream."""
        self.here.add(listener)
        self._changed.set()

    def note(self, count: int) -> None:
        """A listener heard so many events more."""
        self.heard += count
        self._changed.set()

    async def until_heard(self, total: int) -> float:
        """Wait until so many were heard by all together; when that was (monotonic).

        Raises:
            TimeoutError: it takes too long.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.heard < total:
                self._changed.clear()
                await self._changed.wait()
        return time.monotonic()

    async def until_here(self, count: int) -> None:
        """Wait until so many have their streams.

        Raises:
            TimeoutError: it takes too long.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.here) < count:
                self._changed.clear()
                await self._changed.wait()


async def measure(bench: Bench) -> list[Row]:
    """Speed, delay, memory, and what pages feel of it."""
    cookies = await bench.sign_in()
    async with bench.gateway() as contestant:
        await _pages(contestant, 1)
        idle = await _pages(contestant, bench.span(4, 15))
        before = contestant.process.resident()
        async with _listening(contestant, cookies) as audience:
            each = (contestant.process.resident() - before) / LISTENERS / 1000
            await bench.far.do("figures")
            delays = await _delays(bench, audience, 20 if bench.quick else 100)
            busy = await _pages_with_events(bench, contestant, audience)
            rate, per_core = await _most(bench, contestant, audience)
            streams = (await bench.far.do("figures"))["listeners"]
            lost = audience.lost
    return [
        at_least(
            "listeners.rate",
            f"events delivered in a second to {LISTENERS} listeners on one core",
            rate,
            "events/s",
            limit=10_000,
            against=f"{per_core:,.0f} per full core; {lost} listeners lost",
        ),
        at_most(
            "listeners.delay",
            "an event to the last of them (p95)",
            percentile(delays, 0.95) * 1e3,
            "ms",
            limit=100,
            against=f"median {percentile(delays, 0.5) * 1e3:.0f} ms, worst {max(delays) * 1e3:.0f} ms",
        ),
        at_most("listeners.memory", "memory of each", each, "kB", limit=70),
        at_most(
            "listeners.pages",
            f"p99 of a cached page at {RATE} requests/s with them and an event each second, against without",
            times(busy.p99, idle.p99),
            "times",
            limit=2,
            against=f"without {idle.p99:.1f} ms; with {busy.p99:.1f} ms",
        ),
        told("listeners.upstream", "streams of the monitor for all of them", streams, "streams"),
    ]


@asynccontextmanager
async def _listening(contestant: Contestant, cookies: list[str]) -> AsyncIterator[Audience]:
    audience, loop = Audience(), asyncio.get_running_loop()
    listeners = [Listener(audience, cookies[number % len(cookies)], number) for number in range(LISTENERS)]
    try:
        for listener in listeners:
            await loop.create_connection(lambda one=listener: one, "127.0.0.1", contestant.port)  # type: ignore[misc]
        await audience.until_here(LISTENERS)
        yield audience
    finally:
        for listener in listeners:
            if listener.transport:
                listener.transport.abort()


async def _delays(bench: Bench, audience: Audience, count: int) -> list[float]:
    """Seconds from the monitor's word to the last listener, event by event."""
    found = []
    for _ in range(count):
        total = audience.heard + LISTENERS
        begin = time.monotonic()
        await bench.far.do("publish")
        found.append(await audience.until_heard(total) - begin)
        await asyncio.sleep(0.05)
    return found


async def _most(bench: Bench, contestant: Contestant, audience: Audience) -> tuple[float, float]:
    """Events delivered in a second, and in a second of processor time, with a few under way at any time."""
    seconds = bench.span(4, 15)
    first = audience.heard
    begin, spent, sent = time.monotonic(), contestant.process.cpu_seconds(), 0
    while time.monotonic() - begin < seconds:
        await bench.far.do("publish")
        sent += 1
        await audience.until_heard(first + (sent - AHEAD) * LISTENERS)
    end = await audience.until_heard(first + sent * LISTENERS)
    delivered = audience.heard - first
    return delivered / (end - begin), delivered / (contestant.process.cpu_seconds() - spent)


async def _pages_with_events(bench: Bench, contestant: Contestant, audience: Audience) -> Latency:
    seconds = bench.span(4, 15)
    loading = asyncio.ensure_future(_pages(contestant, seconds))
    while not loading.done():
        total = audience.heard + LISTENERS
        await bench.far.do("publish")
        await audience.until_heard(total)
        await asyncio.wait({loading}, timeout=1)
    return await loading


async def _pages(contestant: Contestant, seconds: float) -> Latency:
    crowd = Crowd(contestant.port)
    try:
        return Latency.of(seconds_of(await crowd.pace(RATE, seconds, lambda _: Question(PAGE))))
    finally:
        crowd.close()
