"""Readers: a small HTTP/1.1 client that keeps its connection, and crowds of them at a set pace."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

LIMIT = 1 << 20
PATIENCE_SECONDS = 10.0
"""Then a reader of a crowd leaves."""
_numbers = itertools.count()


class ClientError(Exception):
    """The connection failed or broke off."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and how long it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    first: float
    """Seconds to its head, from when it was asked for."""
    total: float


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    target: str
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    body: bytes = b""

    def wire(self, address: str) -> bytes:
        """As bytes, from a reader at this address behind a front server."""
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: 127.0.0.1", f"X-Forwarded-For: {address}"]
        lines += [f"{name}: {value}" for name, value in (self.headers or {}).items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Client:
    """One reader with one connection, opened when it is needed."""

    def __init__(self, port: int, address: str | None = None) -> None:
        """`address`: where it is, in place of one that no other client has."""
        self._port = port
        number = next(_numbers)
        self.address = address or f"10.1.{number // 250 % 250}.{number % 250 + 1}"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, target: str, **options: object) -> Reply:
        """Ask for a target; see ``Question``.

        Raises:
            ClientError: no answer, or half of one.
        """
        return await self.put(Question(target, **options))  # type: ignore[arg-type]

    async def put(self, question: Question, since: float | None = None) -> Reply:
        """Ask; times count from `since` (monotonic).

        Raises:
            ClientError: no answer, or half of one.
        """
        begin = time.monotonic() if since is None else since
        try:
            reader, writer = await self._open()
            writer.write(question.wire(self.address))
            status, headers = await _head(reader)
            first = time.monotonic() - begin
            body = b"".join([piece async for piece in pieces(reader, status, headers)])
        except (OSError, EOFError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            self.close()
            raise ClientError(repr(error)) from error
        except asyncio.CancelledError:
            self.close()
            raise
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Reply(status, headers, body, first, time.monotonic() - begin)

    async def stream(self, question: Question) -> AsyncIterator[bytes]:
        """The body in pieces, the head left out.

        Raises:
            ClientError: it is no 200.
        """
        reader, writer = await self._open()
        writer.write(question.wire(self.address))
        status, headers = await _head(reader)
        if status != 200:
            raise ClientError(f"status {status}")
        async for piece in pieces(reader, status, headers):
            yield piece

    async def drain(self, target: str, headers: Mapping[str, str] | None = None) -> int:
        """Read a body and keep nothing of it; its size.

        Raises:
            ClientError: it is no 200, or broke off.
        """
        size = 0
        try:
            async for piece in self.stream(Question(target, headers=headers)):
                size += len(piece)
        except (OSError, EOFError, asyncio.IncompleteReadError) as error:
            raise ClientError(repr(error)) from error
        return size

    async def upload(self, target: str, headers: Mapping[str, str], size: int) -> int:
        """Send a body of zeros of so many bytes; the status of the answer.

        Raises:
            ClientError: the connection broke.
        """
        piece = bytes(1 << 16)
        try:
            reader, writer = await self._open()
            writer.write(Question(target, "POST", {**headers, "Content-Length": str(size)}).wire(self.address))
            while size:
                writer.write(piece[:size])
                size -= min(size, len(piece))
                await writer.drain()
            status, told = await _head(reader)
            async for _ in pieces(reader, status, told):
                pass
        except (OSError, EOFError, asyncio.IncompleteReadError) as error:
            raise ClientError(repr(error)) from error
        return status

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=LIMIT)
        return self._streams

    def close(self) -> None:
        """End the connection."""
        if self._streams:
            with suppress(OSError):
                self._streams[1].close()
            self._streams = None


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    while True:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        if status >= 200:
            break
    fields = (line.partition(":") for line in lines[1:] if line)
    return status, {name.lower(): value.strip() for name, _, value in fields}


async def pieces(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
    """The body, framed by its head (RFC 9112 6.3)."""
    if status in (204, 304):
        return
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return
    left = int(headers.get("content-length", "0"))
    while left:
        piece = await reader.read(min(left, LIMIT))
        if not piece:
            raise EOFError
        left -= len(piece)
        yield piece


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    at: float
    """When it was due (monotonic)."""
    question: Question
    reply: Reply | None
    """None where none came whole, or none in time."""
    seconds: float


class Crowd:
    """Readers who ask at a set pace, whether or not the others have their answers; each on a connection of its own."""

    def __init__(self, port: int, address: str | None = None) -> None:
        """`address`: where all of them are, in place of one each."""
        self._port, self._address = port, address
        self._idle: list[Client] = []
        self._clients: list[Client] = []

    async def ask(self, question: Question, due: float) -> Outcome:
        """One question by a reader who is free."""
        client = self._idle.pop() if self._idle else self._new()
        reply = None
        with suppress(ClientError, TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                reply = await client.put(question, due)
        self._idle.append(client)
        return Outcome(due, question, reply, time.monotonic() - due)

    async def pace(self, rate: float, seconds: float, question: Callable[[int], Question]) -> list[Outcome]:
        """Ask `rate` questions a second for so long. Times count from when a question was due."""
        begin, tasks = time.monotonic() + 0.05, []
        for number in range(int(rate * seconds)):
            due = begin + number / rate
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.ensure_future(self.ask(question(number), due)))
        return list(await asyncio.gather(*tasks))

    def _new(self) -> Client:
        client = Client(self._port, self._address)
        self._clients.append(client)
        return client

    def close(self) -> None:
        """End all connections."""
        for client in self._clients:
            client.close()


def seconds_of(outcomes: Sequence[Outcome]) -> list[float]:
    """How long the answered ones took."""
    return [outcome.seconds for outcome in outcomes if outcome.reply is not None]
