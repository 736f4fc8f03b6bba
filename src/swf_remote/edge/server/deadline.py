"""A time limit that is moved far more often than it is reached: moving it costs no timer of its own.

An event loop that was held up looks at its clock before it reads. So a limit that is over gets one more turn of the
loop: what came in time counts, even where it was not read in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_TURN_SECONDS = 0.001


class Deadline:
    """Calls `expired` once the time last set is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[], None]) -> None:
        self._loop, self._expired = loop, expired
        self._due: float | None = None
        self._over = False
        self._timer: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> None:
        """From now on this many seconds."""
        self._due = self._loop.time() + seconds
        self._over = False
        if self._timer and self._timer.when() > self._due:
            self._timer.cancel()
            self._timer = None
        if not self._timer:
            self._timer = self._loop.call_at(self._due, self._look)

    def lift(self) -> None:
        """No limit for now."""
        self._due = None

    def end(self) -> None:
        """No limit ever again."""
        self._due = None
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._look)
        elif not self._over:
            self._over = True
            self._timer = self._loop.call_later(_TURN_SECONDS, self._look)
        else:
            self._due = None
            self._expired()
