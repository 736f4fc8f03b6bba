"""Own event streams: something is drawn every few seconds, once for all who listen, and only while somebody does.

Nobody's stream has a queue: who takes long gets the newest state next. A listener holds no thread; beyond a bound of
them browsers fall back to asking.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

from starlette.types import Receive, Scope, Send

from swf_remote.edge.exchange import exchange_of
from swf_remote.edge.problem import Problem, ProblemError

from .error_pages import RETRY_MILLISECONDS
from .handlers import WRONG_METHOD

LOG = logging.getLogger("swf_remote.web")
MOST_LISTENERS = 500
FULL = Problem(
    503, "too-many-streams", "Too many pages are listening at once", "The page asks by itself instead.", retry_after=60
)
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-robots-tag", b"noindex"),
]
_COME_BACK = f"retry: {RETRY_MILLISECONDS}\n\n".encode()

Edition = Mapping[str, bytes]
"""Events by name, each whole."""


def event(name: str, text: str) -> bytes:
    """One event with this name and these lines."""
    lines = [f"event: {name}", *(f"data: {line}" for line in text.splitlines())]
    return ("\n".join(lines) + "\n\n").encode()


class Listeners:
    """Those who listen to one stream."""

    def __init__(self, stopping: asyncio.Event) -> None:
        """`stopping`: the gateway ends."""
        self._stopping = stopping
        self._open = 0

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, frames: Callable[[], AsyncGenerator[bytes]]
    ) -> None:
        """Send what `frames` gives until it ends, the reader leaves, or the gateway ends.

        Raises:
            ProblemError: it is no request for a stream, or there is no room.
        """
        if scope["method"] not in ("GET", "HEAD"):
            raise ProblemError(replace(WRONG_METHOD, allow=("GET", "HEAD")))
        if self._open >= MOST_LISTENERS:
            raise ProblemError(FULL)
        exchange_of(scope).area = "stream"
        self._open += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            if scope["method"] == "GET" and await self._tell(frames(), receive, send):
                await send({"type": "http.response.body", "body": _COME_BACK, "more_body": True})
        finally:
            self._open -= 1
        await send({"type": "http.response.body", "body": b""})

    async def _tell(self, frames: AsyncGenerator[bytes], receive: Receive, send: Send) -> bool:
        """Whether the reader is still there at the end."""
        telling = asyncio.ensure_future(_send_all(frames, send))
        leaving = asyncio.ensure_future(_gone(receive))
        stopping = asyncio.ensure_future(self._stopping.wait())
        parts: tuple[asyncio.Future[Any], ...] = (telling, leaving, stopping)
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
            return not leaving.done()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)


class Channel:
    """One thing, drawn again and again while somebody listens."""

    def __init__(self, draw: Callable[[], Edition], period: float) -> None:
        """`draw`: runs in a thread; what it raises is logged, and the listeners keep what they have.

        Args:
            draw: makes the newest edition.
            period: seconds between two drawings.
        """
        self._drawn, self._period = draw, period
        self._listeners = 0
        self._drawing: asyncio.Task[None] | None = None
        self._edition: Edition | None = None
        self._news = asyncio.Event()

    @asynccontextmanager
    async def editions(self) -> AsyncIterator[AsyncIterator[Edition]]:
        """What is drawn from now on, the newest first; whoever takes long misses some."""
        self._listeners += 1
        if self._drawing is None:
            self._edition = None
            self._drawing = asyncio.create_task(self._draw())
        try:
            yield self._each()
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._drawing.cancel()
                self._drawing = None

    async def changes(self) -> AsyncGenerator[bytes]:
        """Of each edition the events that are other than this listener's last ones; empty where none is."""
        sent: Edition = {}
        async with self.editions() as editions:
            async for edition in editions:
                yield b"".join([frame for name, frame in edition.items() if sent.get(name) != frame])
                sent = edition

    async def _each(self) -> AsyncIterator[Edition]:
        while True:
            news = self._news
            if self._edition is not None:
                yield self._edition
            await news.wait()

    async def _draw(self) -> None:
        while True:
            try:
                self._edition = await asyncio.to_thread(self._drawn)
            except Exception:
                LOG.exception("an event stream cannot be drawn")
            news, self._news = self._news, asyncio.Event()
            news.set()
            await asyncio.sleep(self._period)


async def _send_all(frames: AsyncGenerator[bytes], send: Send) -> None:
    async with aclosing(frames) as each:
        async for frame in each:
            if frame:
                await send({"type": "http.response.body", "body": frame, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
