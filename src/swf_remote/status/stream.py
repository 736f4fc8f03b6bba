"""The status page's live parts as an event stream (``/status/stream/``): every few seconds what has changed.

Each level is drawn once for all who listen, and only while somebody does. Nobody's stream has a queue: who takes long
gets the newest state next. A listener holds no thread; beyond a bound of them browsers fall back to asking.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from swf_remote.configuration import Configuration
from swf_remote.edge.exchange import exchange_of
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.web.error_pages import RETRY_MILLISECONDS
from swf_remote.web.error_pages import event as problem_event
from swf_remote.web.handlers import BAD_REQUEST, NOT_FOUND, WRONG_METHOD

from .access import Detail, may_hear_all
from .parts import LEVELS, PARTS

LOG = logging.getLogger("swf_remote.status")
PERIOD_SECONDS = 5.0
MOST_LISTENERS = 500
FULL = Problem(
    503, "too-many-streams", "Too many pages are listening at once", "The page asks by itself instead.", retry_after=60
)
SIGNED_OUT = Problem(401, "login-required", "You are signed out", "Sign in again to see all figures.")
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-robots-tag", b"noindex"),
]
_COME_BACK = f"retry: {RETRY_MILLISECONDS}\n\n".encode()

Edition = Mapping[str, bytes]
"""Each part's event."""


class LiveStatus:
    """ASGI application: the stream at its own address, `pages` everywhere else."""

    def __init__(
        self, pages: ASGIApp, settings: Configuration, stopping: asyncio.Event, *, period: float = PERIOD_SECONDS
    ) -> None:
        """`stopping`: the gateway ends; `period`: seconds between two drawings."""
        self._pages = pages
        self._path = f"{settings.mount}/status/stream/".encode()
        self._stopping = stopping
        self._channels = {detail: _Channel(detail, period) for detail in Detail}
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            ProblemError: it is answered by a page of words instead.
        """
        if scope["raw_path"] != self._path:
            await self._pages(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            raise ProblemError(replace(WRONG_METHOD, allow=("GET", "HEAD")))
        detail = await _detail(scope)
        if self._open >= MOST_LISTENERS:
            raise ProblemError(FULL)
        exchange_of(scope).area = "stream"
        self._open += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            if scope["method"] == "GET" and await self._tell(detail, scope, receive, send):
                await send({"type": "http.response.body", "body": _COME_BACK, "more_body": True})
        finally:
            self._open -= 1
        await send({"type": "http.response.body", "body": b""})

    async def _tell(self, detail: Detail, scope: Scope, receive: Receive, send: Send) -> bool:
        """Send until the reader leaves or may hear no more, or the gateway ends; whether the reader is still there."""
        telling = asyncio.ensure_future(self._editions(detail, scope, send))
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

    async def _editions(self, detail: Detail, scope: Scope, send: Send) -> None:
        sent: Edition = {}
        async with self._channels[detail].editions() as editions:
            async for edition in editions:
                if detail is Detail.FULL and not await may_hear_all(scope):
                    told = problem_event(SIGNED_OUT, exchange_of(scope).request_id)
                    await send({"type": "http.response.body", "body": told, "more_body": True})
                    return
                news = b"".join([frame for part, frame in edition.items() if sent.get(part) != frame])
                sent = edition
                if news:
                    await send({"type": "http.response.body", "body": news, "more_body": True})


class _Channel:
    """One level, drawn again and again while somebody listens."""

    def __init__(self, detail: Detail, period: float) -> None:
        self._detail, self._period = detail, period
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

    async def _each(self) -> AsyncIterator[Edition]:
        while True:
            news = self._news
            if self._edition is not None:
                yield self._edition
            await news.wait()

    async def _draw(self) -> None:
        while True:
            try:
                self._edition = await asyncio.to_thread(_edition, self._detail)
            except Exception:
                LOG.exception("the status cannot be drawn")
            news, self._news = self._news, asyncio.Event()
            news.set()
            await asyncio.sleep(self._period)


def _edition(detail: Detail) -> Edition:
    return {name: _event(name, PARTS[name]()) for name in LEVELS[detail]}


def _event(name: str, text: str) -> bytes:
    lines = [f"event: {name}", *(f"data: {line}" for line in text.splitlines())]
    return ("\n".join(lines) + "\n\n").encode()


async def _detail(scope: Scope) -> Detail:
    """The level that is asked for, or the highest that this reader may hear.

    Raises:
        ProblemError: there is no such level, or none for this reader.
    """
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("detail", [""])[-1]
    if asked not in ("", *Detail):
        raise ProblemError(BAD_REQUEST)
    if asked != Detail.PUBLIC and await may_hear_all(scope):
        return Detail.FULL
    if asked == Detail.FULL:
        raise ProblemError(NOT_FOUND)
    return Detail.PUBLIC


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
