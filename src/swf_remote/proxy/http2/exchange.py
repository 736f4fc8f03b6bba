"""One request and its answer on a shared connection. What waits for the reader is never more than a window."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from swf_remote.proxy.failures import AnswerFault, BrokenAnswerError, UpstreamError
from swf_remote.proxy.http2.heads import AnswerHead, answer_head, status_of
from swf_remote.proxy.http2.windows import Credit
from swf_remote.proxy.wire import MOST_INTERIM

SWITCHING_PROTOCOLS = 101


class Line(Protocol):
    """The connection, as an exchange sees it."""

    def taken(self, exchange: Exchange, count: int) -> None:
        """The reader took so many bytes."""

    def let_go(self, exchange: Exchange) -> None:
        """Nobody reads any further."""


class Exchange:
    """One stream. What the connection tells it may raise ``BrokenAnswerError``: the stream has to be reset then."""

    def __init__(self, line: Line, number: int, method: str, credit: Credit) -> None:
        self.number = number
        """The stream's identifier."""
        self.credit = credit
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the head is there, or the error that came instead."""
        self.status = 0
        self.raw_headers: Sequence[tuple[bytes, bytes]] = ()
        self.uploading: asyncio.Task[None] | None = None
        self.over = False
        """Nothing more comes: the answer is whole, or broken."""
        self._line = line
        self._method = method
        self._head: AnswerHead | None = None
        self._interim = 0
        self._received = 0
        self._held = bytearray()
        self._error: UpstreamError | None = None
        self._wanted: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """Bytes that wait for the reader."""
        return len(self._held)

    def interim_came(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """An interim answer."""
        self._interim += 1
        if status_of(headers) == SWITCHING_PROTOCOLS:
            raise BrokenAnswerError(AnswerFault.NOT_HTTP)
        if self._interim > MOST_INTERIM:
            raise BrokenAnswerError(AnswerFault.INTERIM)

    def head_came(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """The final answer's head."""
        self._head = answer_head(headers, self._method)
        self.status, self.raw_headers = self._head.status, self._head.fields
        if not self.answered.done():
            self.answered.set_result(None)

    def data_came(self, data: bytes) -> None:
        """A piece of the body."""
        self._received += len(data)
        if self._head and self._head.length is not None and self._received > self._head.length:
            raise BrokenAnswerError(AnswerFault.LENGTH)
        self._held += data
        self._wake()

    def ended(self) -> None:
        """The answer is whole; trailers, if any, have come."""
        if self._head and self._head.length not in (None, self._received):
            raise BrokenAnswerError(AnswerFault.LENGTH)
        self.over = True
        self._wake()

    def failed(self, error: UpstreamError) -> None:
        """The answer will not come, or breaks off."""
        if self.over:
            return
        self.over = True
        self._error = error
        if not self.answered.done():
            self.answered.set_exception(error)
        self._wake()

    def broken_off(self, before: UpstreamError) -> None:
        """The stream or the connection ended: `before` if no head had come, else the answer is cut off."""
        self.failed(before if self._head is None else BrokenAnswerError(AnswerFault.CUT))

    def at_once(self) -> bytes | None:
        """What of the body is there; nothing at its end, None where it has to be waited for.

        Raises:
            UpstreamError: it broke off.
        """
        if not self._held:
            if self._error is not None:
                raise self._error
            return b"" if self.over else None
        data = bytes(self._held)
        self._held.clear()
        self._line.taken(self, len(data))
        return data

    async def read(self) -> bytes:
        """What of the body is there, as soon as something is; nothing at its end.

        Raises:
            UpstreamError: it broke off.
        """
        while (data := self.at_once()) is None:
            self._wanted = asyncio.get_running_loop().create_future()
            try:
                await self._wanted
            finally:
                self._wanted = None
        return data

    def close(self) -> None:
        """Read no further; whatever still comes is refused."""
        self._held.clear()
        self._line.let_go(self)

    def _wake(self) -> None:
        if self._wanted is not None and not self._wanted.done():
            self._wanted.set_result(None)
