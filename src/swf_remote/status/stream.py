"""The status page's live parts as an event stream (``/status/stream/``): every few seconds what has changed.

Each level of detail is drawn once for all who listen to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from swf_remote.configuration import Configuration
from swf_remote.edge.exchange import exchange_of
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.web.error_pages import event as problem_event
from swf_remote.web.event_streams import Channel, Edition, Listeners, event
from swf_remote.web.handlers import BAD_REQUEST, NOT_FOUND

from .access import Detail, may_hear_all
from .parts import LEVELS, PARTS

PERIOD_SECONDS = 5.0
SIGNED_OUT = Problem(401, "login-required", "You are signed out", "Sign in again to see all figures.")


class LiveStatus:
    """ASGI application: the stream at its own address, `pages` everywhere else."""

    def __init__(
        self, pages: ASGIApp, settings: Configuration, stopping: asyncio.Event, *, period: float = PERIOD_SECONDS
    ) -> None:
        """`stopping`: the gateway ends; `period`: seconds between two drawings."""
        self._pages = pages
        self._path = f"{settings.mount}/status/stream/".encode()
        self._listeners = Listeners(stopping)
        self._channels = {detail: Channel(partial(_edition, detail), period) for detail in Detail}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            ProblemError: it is answered by a page of words instead.
        """
        if scope["raw_path"] != self._path:
            await self._pages(scope, receive, send)
            return
        detail = await _detail(scope)
        await self._listeners.serve(scope, receive, send, lambda: self._frames(detail, scope))

    async def _frames(self, detail: Detail, scope: Scope) -> AsyncGenerator[bytes]:
        async for frame in self._channels[detail].changes():
            if detail is Detail.FULL and not await may_hear_all(scope):
                yield problem_event(SIGNED_OUT, exchange_of(scope).request_id)
                return
            yield frame


def _edition(detail: Detail) -> Edition:
    return {name: event(name, PARTS[name]()) for name in LEVELS[detail]}


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
