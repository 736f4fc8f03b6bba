"""Trying alarms in turn: one at a time in a process, and each reader so many times a minute."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

A_MINUTE = 20
"""So often may one reader try; a script that looks again while somebody types stays below it."""
MOST_READERS = 1000


class NotNowError(Exception):
    """Somebody else tries right now, or this reader has tried too often; ``seconds``: when to come back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


class Turns:
    """Who may try; `clock` counts seconds monotonically."""

    def __init__(self, a_minute: int = A_MINUTE, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._busy = threading.Lock()
        self._times: dict[str, deque[float]] = {}

    @contextmanager
    def of(self, reader: str) -> Iterator[None]:
        """This reader's turn, for as long as the block lasts.

        Raises:
            NotNowError: it is not.
        """
        if not self._busy.acquire(blocking=False):
            raise NotNowError(5)
        try:
            self._count(reader)
            yield
        finally:
            self._busy.release()

    def _count(self, reader: str) -> None:
        now = self._clock()
        times = self._times.pop(reader, None) or deque(maxlen=self._a_minute)
        self._times[reader] = times
        while len(self._times) > MOST_READERS:
            self._times.pop(next(iter(self._times)))
        if len(times) == self._a_minute and now - times[0] < 60:
            raise NotNowError(int(60 - (now - times[0])) + 1)
        times.append(now)
