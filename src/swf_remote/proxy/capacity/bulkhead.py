"""A bounded number of places with a bounded queue in front of them; who comes first is served first.

A place that becomes free goes straight to the next in the queue, so that nobody slips in between.
"""

from __future__ import annotations

import asyncio
from collections import deque

from swf_remote.proxy.failures import BusyError, UpstreamError

LONGEST_WAIT_SECONDS = 5.0


class Bulkhead:
    """The places of one lane."""

    def __init__(self, limit: int, queue: int, longest_wait: float = LONGEST_WAIT_SECONDS) -> None:
        """At most `limit` run and `queue` wait, each for `longest_wait` seconds."""
        self.limit = limit
        self.ceiling = limit
        """Places in use at present: fewer than `limit` while a link that came back is loaded step by step."""
        self.running = 0
        self._queue = queue
        self._longest_wait = longest_wait
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many stand in the queue."""
        return len(self._waiting)

    async def enter(self) -> None:
        """Take a place; `leave` gives it back.

        Raises:
            BusyError: the queue is full, or no place became free in time.
            UpstreamError: the queue was dissolved by `release`.
        """
        if self.running < self.ceiling and not self._waiting:
            self.running += 1
            return
        if len(self._waiting) >= self._queue:
            raise BusyError
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._longest_wait):
                await turn
        except BaseException as error:
            self._give_up(turn)
            if isinstance(error, TimeoutError):
                raise BusyError from None
            raise

    def leave(self) -> None:
        """Give a place back."""
        self.running -= 1
        self._admit()

    def raise_ceiling(self, ceiling: int) -> None:
        """Let so many run, at most `limit`."""
        self.ceiling = min(ceiling, self.limit)
        self._admit()

    def release(self, error: UpstreamError) -> None:
        """Send everybody in the queue away."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(error)

    def _admit(self) -> None:
        while self._waiting and self.running < self.ceiling:
            turn = self._waiting.popleft()
            if not turn.done():
                self.running += 1
                turn.set_result(None)

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif turn.done() and not turn.cancelled() and turn.exception() is None:
            # The place came in the very moment in which its taker left.
            self.leave()
