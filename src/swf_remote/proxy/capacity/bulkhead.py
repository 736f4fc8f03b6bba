"""A bounded number of places with bounded lines in front of them, shared fairly among readers.

Readers take turns, and no one holds so many places or stands in line so often that others would have to wait for long.
A place that becomes free goes straight to the next in line, so that nobody slips in between.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from swf_remote.proxy.failures import BusyError, CrowdedError, UpstreamError

from .announced import Announced
from .lines import NOBODY, Claim, Lines

LONGEST_WAIT_SECONDS = 5.0
# Of the queue one reader may have this part.
QUEUE_SHARE = 4
# Who has asked within this time is taken into account.
MEMORY_SECONDS = 10.0


class Bulkhead:
    """The places of one lane."""

    def __init__(
        self,
        limit: int,
        queue: int,
        longest_wait: float = LONGEST_WAIT_SECONDS,
        *,
        at_once: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """At most `limit` run and `queue` wait, each for `longest_wait` seconds.

        Args:
            at_once: how many places one reader may hold while others ask, too, never more than half of all; alone, it
                may hold that half. None: any number.
            clock: counts seconds monotonically.
        """
        self.limit = limit
        self.ceiling = limit
        """Places in use at present: fewer than `limit` while a link that came back is loaded step by step."""
        self.running = 0
        self._queue = queue
        self._longest_wait = longest_wait
        self._at_once = at_once
        self._clock = clock
        self._lines = Lines()
        self._held: Counter[str] = Counter()
        self._asked: dict[str, float] = {}
        self._announced = Announced(clock)

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._lines)

    async def enter(self, claim: Claim) -> None:
        """Take a place; `leave` gives it back.

        Raises:
            CrowdedError: the reader holds and waits for as much as one may.
            BusyError: all lines are full, or no place became free in time.
            UpstreamError: the lines were dissolved by `release`.
        """
        claim.holder = reader = claim.first
        self._announced.came(reader)
        self._note(reader)
        if self.running < self.ceiling and not self._lines.length(reader) and self._may_go(reader):
            self._take(claim)
            return
        self._make_room(reader)
        claim.turn = turn = asyncio.get_running_loop().create_future()
        self._lines.add(claim)
        claim.joined = partial(self._also_wanted, claim)
        try:
            async with asyncio.timeout(self._longest_wait):
                await turn
        except BaseException as error:
            self._give_up(claim, turn)
            if isinstance(error, TimeoutError):
                raise BusyError if self._may_go(reader) else CrowdedError from None
            raise

    def turns_away(self, reader: str) -> bool:
        """Whether ``enter`` will find this reader crowded, who counts as somebody who has asked.

        If not, the question is expected to come.
        """
        if self._at_once is None:
            return False
        coming = self._announced.of(reader)
        if coming:
            coming -= max(0, min(self.ceiling - self.running, self._most(reader, self._at_once) - self._held[reader]))
        if not self._has_its_share(reader, coming):
            self._announced.add(reader)
            return False
        self._note(reader)
        return True

    def leave(self, claim: Claim) -> None:
        """Give its place back."""
        self.running -= 1
        self._held[claim.holder] -= 1
        if not self._held[claim.holder]:
            del self._held[claim.holder]
        self._admit()

    def raise_ceiling(self, ceiling: int) -> None:
        """Let so many run, at most `limit`."""
        self.ceiling = min(ceiling, self.limit)
        self._admit()

    def release(self, error: UpstreamError) -> None:
        """Send everybody in line away."""
        self._lines.dissolve(error)

    def _also_wanted(self, claim: Claim, reader: str) -> None:
        self._note(reader)
        self._lines.join(claim, reader)
        self._admit()

    def _take(self, claim: Claim) -> None:
        self.running += 1
        self._held[claim.holder] += 1

    def _admit(self) -> None:
        while self.running < self.ceiling and (claim := self._lines.next(self._may_go)):
            if claim.turn is not None and not claim.turn.done():
                self._take(claim)
                claim.turn.set_result(None)

    def _make_room(self, reader: str) -> None:
        """One more may stand in line, at the cost of the longest one if need be."""
        if self._has_its_share(reader):
            raise CrowdedError
        if len(self._lines) < self._queue:
            return
        last = self._lines.last_of_the_longest(than=self._lines.length(reader) + 1)
        if last is None:
            raise BusyError
        if last.turn is not None and not last.turn.done():
            last.turn.set_exception(CrowdedError())

    def _has_its_share(self, reader: str, coming: int = 0) -> bool:
        """Whether its line is as long as one may be, with those that are coming."""
        waiting = self._lines.length(reader) + max(0, coming)
        return self._at_once is not None and waiting >= max(1, self._queue // QUEUE_SHARE)

    def _may_go(self, reader: str) -> bool:
        return self._at_once is None or self._held[reader] < self._most(reader, self._at_once)

    def _most(self, reader: str, at_once: int) -> int:
        """Places that this reader may hold."""
        most = max(1, self.limit // 2)
        return min(most, at_once) if self._others_ask(reader) else most

    def _note(self, reader: str) -> None:
        """Of those who ask, the last two are known: so that each can be told whether it is alone."""
        if reader != NOBODY:
            self._asked.pop(reader, None)
            self._asked[reader] = self._clock()
            if len(self._asked) > 2:
                del self._asked[next(iter(self._asked))]

    def _others_ask(self, reader: str) -> bool:
        since = self._clock() - MEMORY_SECONDS
        return any(asked > since for other, asked in self._asked.items() if other != reader)

    def _give_up(self, claim: Claim, turn: asyncio.Future[None]) -> None:
        if claim in self._lines:
            self._lines.remove(claim)
        elif turn.done() and not turn.cancelled() and turn.exception() is None:
            # The place came in the very moment in which its taker left.
            self.leave(claim)
