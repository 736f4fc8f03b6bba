"""A scripted monitor: says exactly the bytes it is told, and fails at exactly the byte it is told.

``Script`` is a list of steps for one connection; a server may be given one script for all connections or one each.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HEAD_END = b"\r\n\r\n"


@dataclass
class Connection:
    """One accepted connection, as the steps see it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: Scripted


Step = Callable[[Connection], Awaitable[None]]


@dataclass
class Scripted:
    """The running server and what it has received."""

    port: int = 0
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    closed_by_client: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/swf-monitor"

    def header_values(self, name: str, request: int = -1) -> list[str]:
        """Values of one header in one received request."""
        lines = self.heads[request].decode("latin-1").split("\r\n")[1:]
        pairs = [line.partition(":") for line in lines if line]
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]

    def request_line(self, request: int = -1) -> str:
        return self.heads[request].split(b"\r\n")[0].decode("latin-1")


def read_request(*, body: int = 0) -> Step:
    """Wait for one request head and this many bytes of its body."""

    async def step(connection: Connection) -> None:
        connection.seen.heads.append(await connection.reader.readuntil(HEAD_END))
        connection.seen.bodies.append(await connection.reader.readexactly(body))

    return step


def read_chunked_request() -> Step:
    """Wait for one request with a chunked body."""

    async def step(connection: Connection) -> None:
        connection.seen.heads.append(await connection.reader.readuntil(HEAD_END))
        body = b""
        while size := int(await connection.reader.readline(), 16):
            body += await connection.reader.readexactly(size)
            await connection.reader.readline()
        await connection.reader.readline()
        connection.seen.bodies.append(body)

    return step


def say(data: bytes) -> Step:
    """Send these bytes."""

    async def step(connection: Connection) -> None:
        connection.writer.write(data)
        await connection.writer.drain()

    return step


def say_many(piece: bytes, times: int) -> Step:
    """Send the same bytes again and again, waiting for the reader."""

    async def step(connection: Connection) -> None:
        for _ in range(times):
            connection.writer.write(piece)
            await connection.writer.drain()

    return step


def reset() -> Step:
    """Break the connection with RST."""

    async def step(connection: Connection) -> None:
        connection.writer.get_extra_info("socket").setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")
        connection.writer.close()

    return step


def wait_for_close() -> Step:
    """Say nothing until the other side hangs up."""

    async def step(connection: Connection) -> None:
        while await connection.reader.read(65536):
            pass
        connection.seen.closed_by_client.set()

    return step


def wait(event: asyncio.Event) -> Step:
    """Say nothing until the test says so."""

    async def step(_connection: Connection) -> None:
        await event.wait()

    return step


def answer(
    body: bytes = b"", *, status: str = "200 OK", headers: Sequence[str] = (), kind: str = "text/plain; charset=utf-8"
) -> bytes:
    """A whole, correct answer as bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + HEAD_END + body


@asynccontextmanager
async def scripted(
    *scripts: Sequence[Step], tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Scripted]:
    """Serve: connection n follows script n, later ones the last."""
    seen = Scripted()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        script = scripts[min(seen.connections, len(scripts) - 1)]
        seen.connections += 1
        try:
            for step in script:
                await step(Connection(reader, writer, seen))
        except (asyncio.IncompleteReadError, ConnectionError):
            seen.closed_by_client.set()
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
