"""A monitor whose event stream says what the test says, and a reader of the gateway's streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.remote.gateways import Gateway
from tests.remote.upstream.scripted import Connection, Scripted, answer, reset, say, scripted

STREAM = "/prod/api/messages/stream/"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
BEGINNING = b'event: connected\ndata: {"client_id": "1", "status": "connected"}\n\n'


def message(msg_type: str, **members: object) -> bytes:
    """An event as the laboratory's monitor sends it (contract 6)."""
    return f"event: {msg_type}\ndata: {json.dumps({'msg_type': msg_type, **members})}\n\n".encode()


@dataclass
class EventMonitor:
    """Its streams; all connections hear the same."""

    seen: Scripted = field(default_factory=Scripted)
    refusal: bytes | None = None
    """Said instead of a stream while it is set."""
    open: list[Connection] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return self.seen.url

    async def tell(self, *pieces: bytes) -> None:
        """Send these on every open stream."""
        for connection in list(self.open):
            connection.writer.write(b"".join(pieces))
            await connection.writer.drain()

    async def break_off(self) -> None:
        """Break all streams."""
        for connection in list(self.open):
            await reset()(connection)

    async def until(self, streams: int, asked: int = 0) -> None:
        """Wait until so many streams are open, and so many were asked for."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.open) == streams and len(self.seen.heads) >= asked)

    async def serve(self, connection: Connection) -> None:
        try:
            head = await connection.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        if b"status.json" in head:
            await say(answer(b"{}", headers=["Connection: close"]))(connection)
            return
        if self.refusal:
            await self._note(connection, head, listens=False)
            await say(self.refusal)(connection)
            return
        await say(HEAD + BEGINNING)(connection)
        await self._note(connection, head, listens=True)
        try:
            while await connection.reader.read(65536):
                pass
        finally:
            self.open.remove(connection)
            async with self._changed:
                self._changed.notify_all()

    async def _note(self, connection: Connection, head: bytes, *, listens: bool) -> None:
        async with self._changed:
            self.seen.heads.append(head)
            if listens:
                self.open.append(connection)
            self._changed.notify_all()


@asynccontextmanager
async def event_monitor() -> AsyncIterator[EventMonitor]:
    """The monitor, serving on a free port."""
    monitor = EventMonitor()
    async with scripted([monitor.serve]) as seen:
        monitor.seen = seen
        yield monitor


@dataclass(frozen=True)
class Heard:
    """One event as a browser's EventSource would hand it out."""

    name: str
    data: str
    id: str = ""

    @property
    def members(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.data)
        return found


class StreamReader:
    """Reads one stream of the gateway, event by event."""

    def __init__(self, got: aiohttp.ClientResponse) -> None:
        self.got = got
        self.retries: list[int] = []

    async def next(self) -> Heard | None:
        """The next event; None at the end."""
        async with asyncio.timeout(10):
            while block := await self._block():
                fields = [line.partition(": ")[::2] for line in block.decode().splitlines()]
                self.retries += [int(value) for name, value in fields if name == "retry"]
                named = dict(fields)
                if "data" in named:
                    data = "\n".join(value for name, value in fields if name == "data")
                    return Heard(named.get("event", "message"), data, named.get("id", ""))
        return None

    async def some(self, count: int) -> list[Heard]:
        """The next `count` events."""
        found = [await self.next() for _ in range(count)]
        return [one for one in found if one is not None]

    async def rest(self) -> list[Heard]:
        """All until the end."""
        found = []
        while (one := await self.next()) is not None:
            found.append(one)
        return found

    async def _block(self) -> bytes:
        try:
            return await self.got.content.readuntil(b"\n\n")
        except asyncio.IncompleteReadError as error:
            return bytes(error.partial)


@asynccontextmanager
async def listening(
    running: Gateway, headers: dict[str, str], query: str = "", last_id: str | None = None
) -> AsyncIterator[StreamReader]:
    """A reader's open stream, with its first event still unread."""
    asked = headers if last_id is None else headers | {"Last-Event-ID": last_id}
    async with running.session.get(running.url + STREAM + query, headers=asked) as got:
        assert got.status == 200
        yield StreamReader(got)


@asynccontextmanager
async def connected(
    running: Gateway, headers: dict[str, str], query: str = "", last_id: str | None = None
) -> AsyncIterator[StreamReader]:
    """A reader's open stream, whose first event was the usual one."""
    async with listening(running, headers, query, last_id) as reader:
        first = await reader.next()
        assert first is not None and first.name == "connected"
        assert first.members.keys() == {"client_id", "status"}
        yield reader
