"""How many bytes the monitor may send ahead of a slow reader, and how many frames it may send for nothing. Pure.

A stream's window bounds what is held for its reader. It begins small and doubles for a reader who keeps up, so that
a long link is filled, as far as what all streams of a connection may grow together allows.
"""

from __future__ import annotations

from collections.abc import Callable

from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError

STREAM_WINDOW = 131_072
LARGEST_STREAM_WINDOW = 2_097_152
GROWTH_OF_ALL = 33_554_432
# Of the connection. What comes is credited at once, so that no slow reader stands in another's way.
CONNECTION_WINDOW = 4_194_304
MOST_FREE_FRAMES = 4096.0
FREE_FRAMES_PER_SECOND = 200.0
EARNED_BY_SENDING = 4.0


class Growth:
    """What the windows of one connection may still grow, in bytes."""

    def __init__(self, left: int = GROWTH_OF_ALL) -> None:
        self.left = left


class Credit:
    """What one stream's sender has to be told that it may send more."""

    def __init__(self, growth: Growth) -> None:
        self.window = STREAM_WINDOW
        self._growth = growth
        self._owed = 0
        self._since_grown = 0

    def taken(self, count: int, left: int) -> int:
        """Bytes to credit now that the reader took `count` and `left` wait for it; 0: not worth a frame yet."""
        self._owed += count
        self._since_grown += count
        if not left and self._since_grown >= self.window:
            self._grow()
        if self._owed < self.window // 4:
            return 0
        credit, self._owed = self._owed, 0
        return credit

    def end(self) -> None:
        """The stream is over: others may grow."""
        self._growth.left += self.window - STREAM_WINDOW
        self.window = STREAM_WINDOW

    def _grow(self) -> None:
        more = min(self.window, LARGEST_STREAM_WINDOW - self.window)
        if 0 < more <= self._growth.left:
            self._growth.left -= more
            self.window += more
            self._owed += more
        self._since_grown = 0


class FloodError(ProtocolError):
    """The monitor sends frame after frame that carries nothing."""

    error_code = ErrorCodes.ENHANCE_YOUR_CALM


class Patience:
    """How many frames without a body or a head are borne: pings, settings, resets, empty data and the like."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: seconds."""
        self._clock = clock
        self._last = clock()
        self._left = MOST_FREE_FRAMES

    def spend(self) -> None:
        """One came.

        Raises:
            FloodError: too many.
        """
        now = self._clock()
        self._earn((now - self._last) * FREE_FRAMES_PER_SECOND)
        self._last = now
        self._left -= 1
        if self._left < 0:
            raise FloodError("a flood of frames that carry nothing")

    def sent(self) -> None:
        """We sent a frame with a head or a body, which may be acknowledged and credited."""
        self._earn(EARNED_BY_SENDING)

    def _earn(self, count: float) -> None:
        self._left = min(self._left + count, MOST_FREE_FRAMES)
