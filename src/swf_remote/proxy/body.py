"""A reader's request body, streamed on with a limit; and the news that the reader has left.

Both come through one ASGI ``receive``, so one object owns it.
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
        self._limit = limit
        self._first: Message | None = None
        self._size = 0
        self._read = asyncio.Event()
        self.fault: BodyTooLargeError | ReaderGoneError | None = None
        """Why the body was not passed on whole; the client library wraps what is raised while it streams."""

    async def begins(self) -> bool:
        """Whether there is a body at all; waits for its first piece."""
        self._first = await self._receive()
        if self._first["type"] == "http.request" and (self._first.get("body") or self._first.get("more_body")):
            return True
        self._read.set()
        return False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body's pieces.

        Raises:
            BodyTooLargeError, ReaderGoneError: also kept in ``fault``.
        """
        try:
            message = self._first or await self._receive()
            while True:
                chunk = self._checked(message)
                if chunk:
                    yield chunk
                if not message.get("more_body"):
                    return
                message = await self._receive()
        finally:
            self._read.set()

    def _checked(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            self.fault = ReaderGoneError("the reader left")
            raise self.fault
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        if self._size > self._limit:
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
