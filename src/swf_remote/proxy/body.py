"""A reader's request body, streamed on with a limit; and the news that the reader has left.

Both come through one ASGI ``receive``, so one object owns it. The server asks the reader for a body that waits for
``100 Continue`` only when this one first receives: whoever is refused before is not asked (RFC 9110 10.1.1).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Message, Receive

from swf_remote.proxy.failures import BodyTooLargeError, ReaderGoneError


class RequestBody:
    """One request's body. Iterate it at most once."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self.limit = limit
        """Bytes of the largest body; may be lowered before the body begins."""
        self._first: Message | None = None
        self._held: list[bytes] = []
        self._size = 0
        self._complete = False
        self._read = asyncio.Event()
        self.fault: BodyTooLargeError | ReaderGoneError | None = None
        """Why the body was not passed on whole; the client library wraps what is raised while it streams."""

    async def begins(self) -> bool:
        """Whether there is a body at all; waits for its first piece."""
        self._first = await self._receive()
        if self._first["type"] == "http.request" and (self._first.get("body") or self._first.get("more_body")):
            return True
        self.ignore()
        return False

    def ignore(self) -> None:
        """The body is not read; what comes of it is thrown away while waiting for the reader's leaving."""
        self._read.set()

    async def whole(self, limit: int) -> bytes | None:
        """All of it, if that is not more than `limit` bytes; else None, and it can still be iterated.

        Raises:
            BodyTooLargeError, ReaderGoneError: also kept in ``fault``.
        """
        try:
            while not self._complete and self._size <= limit:
                self._held.append(await self._next())
        finally:
            if self._complete or self.fault:
                self._read.set()
        return b"".join(self._held) if self._complete and self._size <= limit else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body's pieces.

        Raises:
            BodyTooLargeError, ReaderGoneError: also kept in ``fault``.
        """
        try:
            for chunk in self._held:
                yield chunk
            while not self._complete:
                if chunk := await self._next():
                    yield chunk
        finally:
            self._read.set()

    async def _next(self) -> bytes:
        message = self._first or await self._receive()
        self._first = None
        if message["type"] == "http.disconnect":
            self.fault = ReaderGoneError("the reader left")
            raise self.fault
        chunk: bytes = message.get("body", b"")
        self._complete = not message.get("more_body")
        self._size += len(chunk)
        if self._size > self.limit:
            self.fault = BodyTooLargeError("the body is above the limit")
            raise self.fault
        return chunk

    async def reader_gone(self) -> None:
        """Return when the reader has left; while the body is being read, its reading finds out."""
        await self._read.wait()
        if isinstance(self.fault, ReaderGoneError) or (self._first or {}).get("type") == "http.disconnect":
            return
        while (await self._receive())["type"] != "http.disconnect":
            pass
