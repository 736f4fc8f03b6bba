"""One request and its answer as an ASGI application sees them: ``receive``, ``send`` and the run between.

A turn knows nothing of sockets: it reads from what ``body_arrives`` was given and writes through its ``Line``. A head
goes out together with what follows it at once, since every write costs a call of the system.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from typing import Any, Protocol

from starlette.types import ASGIApp, Message

from swf_remote.edge.server.answer import AnswerFraming, BadAnswerError, Headers

LOG = logging.getLogger("swf_remote.server")
# Above this much of a body that the application did not fetch yet, the sender has to wait.
MOST_WAITING = 65_536
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Line(Protocol):
    """What a turn needs of its connection."""

    def write(self, *pieces: bytes) -> None:
        """Send these bytes."""

    async def drained(self) -> None:
        """Wait until the reader takes more, or has left."""

    def wants_body(self) -> None:
        """The application takes more of the body."""

    def only_the_end_tells(self) -> None:
        """The answer ends with the connection; until it is answered, any end must look like what it is."""

    def answered(self, turn: Turn) -> None:
        """The whole answer was written."""

    def ended(self, turn: Turn) -> None:
        """The application is done with this turn."""

    def always(self) -> Headers:
        """Headers of every answer."""


class Turn:
    """See the module's text."""

    def __init__(
        self, scope: MutableMapping[str, Any], line: Line, *, keep_alive: bool, expects_continue: bool, body_done: bool
    ) -> None:
        self.answer = AnswerFraming(method=scope["method"], version=scope["http_version"], keep_alive=keep_alive)
        self.body_done = body_done
        self.gone = False
        """The reader left, or what it sends cannot be read on."""
        self.cut_off = False
        """The server ends before the application was done."""
        self._scope, self._line = scope, line
        self._expects_continue = expects_continue
        self._waiting = bytearray()
        self._news = asyncio.Event()
        self._head = b""
        if body_done:
            self._news.set()

    async def run(self, application: ASGIApp) -> None:
        """Have the request answered; the line hears how it ended."""
        try:
            await application(self._scope, self.receive, self.send)
        except asyncio.CancelledError:
            self.cut_off = True
            LOG.warning("a request was cut off by the end of the server")
        except Exception:
            LOG.exception("the application failed on a request")
        self._line.ended(self)

    @property
    def full(self) -> bool:
        """Enough of the body waits to be fetched."""
        return len(self._waiting) > MOST_WAITING

    def body_arrives(self, piece: bytes, *, done: bool) -> None:
        """More of the body, and whether that was all."""
        self._expects_continue = False
        self._waiting += piece
        self.body_done = done
        if piece or done:
            self._news.set()

    def reader_leaves(self) -> None:
        """Nothing more comes, and nothing is read any more."""
        self.gone = True
        self._news.set()

    def _over(self) -> bool:
        return self.gone or self.answer.complete

    async def receive(self) -> Message:
        """ASGI's ``receive``."""
        if self._expects_continue and not self.answer.begun and not self.gone:
            self._expects_continue = False
            self._line.write(CONTINUE)
        if not self._over():
            self._line.wants_body()
            await self._news.wait()
            self._news.clear()
        if self._over():
            self._news.set()
            return {"type": "http.disconnect"}
        body = bytes(self._waiting)
        self._waiting.clear()
        return {"type": "http.request", "body": body, "more_body": not self.body_done}

    async def send(self, message: Message) -> None:
        """ASGI's ``send``; without effect once the reader has left.

        Raises:
            BadAnswerError: the message does not fit into an answer at this place.
        """
        await self._line.drained()
        if self.gone:
            return
        if message["type"] == "http.response.start" and not self.answer.begun:
            self._begin_answer(message)
        elif message["type"] == "http.response.body" and self.answer.begun and not self.answer.complete:
            self._continue_answer(message)
        else:
            raise BadAnswerError(f"{message['type']} has no place here")

    def _begin_answer(self, message: Message) -> None:
        # What is left of the body will not be waited for, so the connection cannot be used again.
        self.answer.keep_alive = self.answer.keep_alive and self.body_done
        self._head = self.answer.head(message["status"], message.get("headers", ()), self._line.always())
        if self.answer.ends_with_connection:
            self._line.only_the_end_tells()
        asyncio.get_running_loop().call_soon(self._write)

    def _continue_answer(self, message: Message) -> None:
        self._write(self.answer.piece(message.get("body", b""), more=message.get("more_body", False)))
        if self.answer.complete:
            self._news.set()
            self._line.answered(self)

    def _write(self, piece: bytes = b"") -> None:
        """Send the head, if it still waits, and the piece."""
        head, self._head = self._head, b""
        self._line.write(head, piece)
