"""Ends the streams of readers who are signed out, or no longer staff where that is needed, while they listen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from swf_remote.accounts.readers import Reader, reader_of
from swf_remote.edge.problem import Problem
from swf_remote.proxy.policy.admission import cookies_of
from swf_remote.proxy.policy.routes import Access
from swf_remote.proxy.streams.listener import Listener
from swf_remote.proxy.visit import Visit
from swf_remote.web.error_pages import event as problem_event

CHECK_SECONDS = 6.0
# A session that cannot be looked up for a moment counts as ended: it is asked for once more.
CONFIRM_SECONDS = 2.0
SIGNED_OUT = Problem(401, "login-required", "You are signed out", "Sign in again to hear news.")

LookUp = Callable[..., Awaitable[Reader | None]]


class Sessions:
    """The sessions of all listeners; each is looked up once for all of its streams."""

    def __init__(self, look_up: LookUp = reader_of) -> None:
        self._look_up = look_up
        self._listeners: dict[tuple[str, Access], set[Listener]] = {}
        self._checking: asyncio.Task[None] | None = None

    @contextmanager
    def watched(self, visit: Visit, listener: Listener) -> Iterator[None]:
        """End the listener's stream as soon as its reader may no longer hear it."""
        cookies, access = cookies_of(visit.scope["headers"]), visit.admission.route.access
        if access is Access.PUBLIC or not cookies:
            yield
            return
        key = (cookies, access)
        self._listeners.setdefault(key, set()).add(listener)
        self._checking = self._checking or asyncio.create_task(self._check())
        try:
            yield
        finally:
            self._forget(key, listener)

    def _forget(self, key: tuple[str, Access], listener: Listener) -> None:
        found = self._listeners[key]
        found.discard(listener)
        if not found:
            del self._listeners[key]
        if not self._listeners and self._checking:
            self._checking.cancel()
            self._checking = None

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            doubtful = [key for key in list(self._listeners) if not await self._may_hear(*key)]
            if doubtful:
                await asyncio.sleep(CONFIRM_SECONDS)
            for key in doubtful:
                if not await self._may_hear(*key):
                    self._end(key)

    async def _may_hear(self, cookies: str, access: Access) -> bool:
        reader = await self._look_up(cookies, fresh=True)
        return reader is not None and (access is not Access.STAFF or reader.is_staff)

    def _end(self, key: tuple[str, Access]) -> None:
        for listener in self._listeners.get(key, ()):
            listener.end(problem_event(SIGNED_OUT, listener.request_id), at_once=True)
