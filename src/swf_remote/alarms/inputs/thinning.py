"""Earlier ticks in memory, the fewer the longer ago they were. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from datetime import UTC, datetime, timedelta

from .items import Moment, Past
from .layered import Layered
from .queries import InputError

EACH = timedelta(hours=3)
"""So long every tick is there."""
QUARTERLY = timedelta(hours=48)
"""Then, so long, one in a quarter of an hour; and after that one an hour."""
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
MOST_ENTRIES = 2_000_000
"""Of all moments together; beyond that the oldest are left out, so that memory stays bounded."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Window:
    """Ticks of the last time; add them in their order."""

    def __init__(self, reach: timedelta) -> None:
        """`reach`: ticks are forgotten after so long."""
        self._reach = reach
        self._each: deque[Moment] = deque()
        self._quarterly: deque[Moment] = deque()
        self._hourly: deque[Moment] = deque()
        self._weight = 0

    def add(self, moment: Moment) -> None:
        """Add a tick later than all others."""
        self._each.append(moment)
        self._weight += _weight(moment)
        self._hand_on(self._each, self._quarterly, moment.at - EACH, QUARTER)
        self._hand_on(self._quarterly, self._hourly, moment.at - QUARTERLY, HOUR)
        while self._hourly and (self._hourly[0].at < moment.at - self._reach or self._weight > MOST_ENTRIES):
            self._weight -= _weight(self._hourly.popleft())

    def past(self, begin: datetime, end: datetime) -> Past:
        """Ticks from the last one at or before `begin` until before `end`.

        Raises:
            InputError: there is none.
        """
        moments = [*self._hourly, *self._quarterly, *self._each]
        first = max(0, bisect_right(moments, begin, key=_at) - 1)
        found = tuple(moments[first : bisect_left(moments, end, key=_at)])
        if not found:
            raise InputError("no counters of earlier ticks are kept yet: this takes a few minutes after the start")
        return Past(found)

    def _hand_on(self, younger: deque[Moment], older: deque[Moment], before: datetime, slot: timedelta) -> None:
        """The first of each slot stays, the others are forgotten."""
        while younger and younger[0].at < before:
            moment = younger.popleft()
            if older and _slot(older[-1], slot) == _slot(moment, slot):
                self._weight -= _weight(moment)
            else:
                older.append(moment)


def _at(moment: Moment) -> datetime:
    return moment.at


def _slot(moment: Moment, length: timedelta) -> int:
    return (moment.at - _EPOCH) // length


def _weight(moment: Moment) -> int:
    tasks = moment.tasks
    return tasks.weight if isinstance(tasks, Layered) else len(tasks)
