"""A monitor for caches: counts what it is asked, says what the test tells it, and waits where the test wants that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.remote.edge.monitors import behind, body_of, for_readers
from tests.remote.gateways import Gateway
from tests.remote.upstream.scripted import Connection, answer

CACHE = {"cache_bytes": 8 << 20, "cache_object_bytes": 1 << 20}
PAGE = b'<html><body><nav><div class="nav-auth">old</div></nav><a href="/swf-monitor/panda/">x</a>%b</body></html>'
Say = Callable[[bytes], bytes]


def page(text: bytes = b"", *, kind: str = "text/html; charset=utf-8", **headers: str) -> bytes:
    """A whole page as the monitor sends it."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return answer(PAGE % text if kind.startswith("text/html") else text, kind=kind, headers=lines)


@dataclass
class Monitor:
    """See the module's text."""

    says: Say = field(default=lambda _head: page())
    asked: list[bytes] = field(default_factory=list)
    """Heads of requests, in order."""
    came: asyncio.Condition = field(default_factory=asyncio.Condition)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared: requests wait before they are answered."""
    until: int | None = None
    """Bytes of an answer that are sent before it waits for ``goes_on``."""

    def __post_init__(self) -> None:
        self.goes_on.set()

    async def step(self, connection: Connection, head: bytes) -> None:
        await body_of(connection, head)
        async with self.came:
            self.asked.append(head)
            self.came.notify_all()
        if self.until is None:
            await self.goes_on.wait()
        said = self.says(head)
        connection.writer.write(said[: self.until])
        await connection.writer.drain()
        if self.until is not None:
            await self.goes_on.wait()
            connection.writer.write(said[self.until :])
            await connection.writer.drain()

    async def asked_times(self, count: int) -> None:
        """Wait for that many requests."""
        async with self.came:
            await self.came.wait_for(lambda: len(self.asked) >= count)

    def lines(self) -> list[str]:
        """The request lines."""
        return [head.split(b"\r\n")[0].decode() for head in self.asked]


@asynccontextmanager
async def cached(monitor: Monitor, **settings: object) -> AsyncIterator[Gateway]:
    """A gateway with a cache in front of this monitor."""
    async with behind(for_readers(monitor.step), **(CACHE | settings)) as (_seen, gateway):
        yield gateway
