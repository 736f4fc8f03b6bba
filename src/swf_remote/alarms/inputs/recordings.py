"""Task and site counters of the ticks of 30 days, in the database: written by the engine, read by whoever looks back.

Every six hours one is written whole, the others as the difference to the one before. What is too old or too much goes
in such groups, the oldest first. A tick whose row cannot be read is left out, and so are those that build on it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max, Min, QuerySet, Sum

from swf_remote.alarms.models import Recording
from swf_remote.configuration import Configuration

from .codec import DamagedError, Known, difference, read_difference, read_whole, whole
from .gathering import gathered
from .items import Moment, Past
from .queries import ActivityOf, Query, Tasks
from .thinning import Window

LOG = logging.getLogger("swf_remote.alarms")
WANTED: tuple[Query[Any], ...] = (Tasks(1), ActivityOf(1))
"""What has to be asked in every tick so that there is something to keep."""
KEPT = timedelta(days=30)
GROUP = timedelta(hours=6)
OVERTAKEN = timedelta(minutes=10)
"""A tick replaces what a clock that was put back since had written for the time just ahead."""
_BATCH = 50
_MOMENT = timedelta(microseconds=1)


class _Row(NamedTuple):
    at: datetime
    key: bool
    content: bytes


@dataclass(slots=True)
class _Chain:
    """The last row written or read, and the group that it is in."""

    known: Known
    begin: datetime
    """When the group begins."""


@dataclass(slots=True)
class _Reading:
    """Rows in their order become what was known."""

    known: Known | None = None
    begin: datetime | None = None
    is_damaged: bool = False

    def take(self, row: _Row) -> Known | None:
        """What was known at that tick; None: it cannot be read."""
        try:
            if row.key:
                self.known, self.begin = read_whole(row.at, row.content, self.known), row.at
            else:
                self.known = read_difference(row.at, row.content, self.known)
        except DamagedError as error:
            if not self.is_damaged:
                LOG.warning("alarms: the kept counters of %s cannot be read: %s", row.at, error)
            self.is_damaged = True
            if row.key:
                self.known = None
            return None
        self.is_damaged = False
        return self.known


@dataclass(slots=True)
class _View:
    """What is in memory for looking back."""

    window: Window
    reach: timedelta
    """How far back somebody has looked."""
    last: datetime | None = None
    """The newest row that was read."""
    reading: _Reading = field(default_factory=_Reading)


class Recordings:
    """The kept counters. One per process, since the last days stay in memory once somebody looked back."""

    def __init__(self, most_bytes: int) -> None:
        """`most_bytes`: of all rows together; 0: nothing is kept."""
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._chain: _Chain | None = None
        self._bytes = 0
        self._view: _View | None = None

    @staticmethod
    def of(settings: Configuration) -> Recordings:
        """The ones of this process, as the settings say."""
        return _of_this_process(settings.alarms_history_bytes)

    def record(self, now: datetime, asked: Mapping[Query[Any], Any]) -> bool:
        """Keep what a tick asked for; False: there was nothing to keep, or no room for it.

        Raises:
            DatabaseError: nothing was written.
        """
        if not self._most_bytes:
            return False
        with self._lock:
            chain = self._chain_before(now)
            known = gathered(now, asked, chain.known if chain else None)
            return known is not None and self._keep(known, chain)

    def past(self, hours: int, now: datetime) -> Past:
        """Ticks before `now`, from the last one that is `hours` ago or longer.

        Raises:
            InputError: none is kept.
            DatabaseError: they cannot be read.
        """
        with self._lock:
            window = self._window_of(timedelta(hours=hours), now)
            return window.past(now - timedelta(hours=hours), now)

    def reach(self) -> tuple[datetime, datetime] | None:
        """The first and the last tick that are kept; None: none is.

        Raises:
            DatabaseError: they cannot be read.
        """
        ends = Recording.objects.aggregate(first=Min("at"), last=Max("at"))
        return (ends["first"], ends["last"]) if ends["first"] else None

    def moments(self, since: datetime, until: datetime) -> Iterator[Moment]:
        """Ticks at or after `since` and before `until`, the oldest first. Those that cannot be read are left out.

        Raises:
            DatabaseError: the rest cannot be read.
        """
        reading = _Reading()
        for row in _rows(_group_begin(since), until):
            known = reading.take(row)
            if known is not None and known.at >= since:
                yield known.moment()

    def _chain_before(self, now: datetime) -> _Chain | None:
        """The newest row before `now`, with what is needed to go on from it."""
        last = _last_before(now)
        if self._chain is not None and self._chain.known.at == last:
            return self._chain
        self._bytes = _size()
        reading = _Reading()
        for row in _rows(_group_begin(last), now) if last else ():
            reading.take(row)
        if reading.known is None or reading.begin is None or reading.known.at != last:
            return None
        return _Chain(reading.known, reading.begin)

    def _keep(self, known: Known, chain: _Chain | None) -> bool:
        at = known.at
        self._chain = None
        with transaction.atomic():
            if Recording.objects.filter(at__gte=at, at__lte=at + OVERTAKEN).delete()[0]:
                self._bytes = _size()
            content, begin = b"", at
            if chain is not None and at - chain.begin < GROUP:
                content, begin = difference(chain.known, known), chain.begin
            if not self._has_room(at, len(content), begin) or begin == at:
                # Also where this group alone is too large: a new one begins, and the old one goes.
                content, begin = whole(known), at
                if not self._has_room(at, len(content), begin):
                    LOG.warning("alarms: the counters of one tick need %d bytes, more than may be kept", len(content))
                    return False
            Recording.objects.create(at=at, key=begin == at, content=content, size=len(content))
        self._bytes += len(content)
        self._chain = _Chain(known, begin)
        return True

    def _has_room(self, at: datetime, wanted: int, begin: datetime) -> bool:
        """Remove whole groups before `begin`: those that are too old, and as many as are too much."""
        keys = Recording.objects.filter(key=True, at__lt=begin).order_by("at").values_list("at", flat=True)
        for end in [*islice(keys, 1, None), begin]:
            if self._bytes + wanted <= self._most_bytes and end > at - KEPT:
                break
            group = Recording.objects.filter(at__lt=end)
            self._bytes -= int(group.aggregate(all=Sum("size"))["all"] or 0)
            group.delete()
        return self._bytes + wanted <= self._most_bytes

    def _window_of(self, reach: timedelta, now: datetime) -> Window:
        last, view = _last_before(now), self._view
        if view is None or view.reach < reach or last is None or (view.last is not None and last < view.last):
            # Nobody has looked back so far before, or a clock was put back.
            reach = max(reach, view.reach) if view else reach
            view = self._view = _View(Window(reach + 2 * GROUP), reach)
        begin = _group_begin(now - reach - GROUP) if view.last is None else view.last + _MOMENT
        for row in _rows(begin, now) if last != view.last else ():
            known = view.reading.take(row)
            if known is not None:
                view.window.add(known.moment())
            view.last = row.at
        return view.window


@cache
def _of_this_process(most_bytes: int) -> Recordings:
    return Recordings(most_bytes)


def _last_before(now: datetime) -> datetime | None:
    last: datetime | None = Recording.objects.filter(at__lt=now).aggregate(last=Max("at"))["last"]
    return last


def _size() -> int:
    return int(Recording.objects.aggregate(all=Sum("size"))["all"] or 0)


def _group_begin(moment: datetime) -> datetime:
    """The last whole row at or before this moment; the moment itself where there is none."""
    keys: QuerySet[Recording, datetime] = Recording.objects.filter(key=True, at__lte=moment).values_list(
        "at", flat=True
    )
    return keys.order_by("-at").first() or moment


def _rows(begin: datetime, until: datetime) -> Iterator[_Row]:
    """In batches, so that no transaction stays open while they are looked at."""
    rest = Recording.objects.filter(at__gte=begin, at__lt=until)
    while True:
        batch = list(rest.order_by("at").values_list("at", "key", "content")[:_BATCH])
        yield from (_Row(at, key, bytes(content)) for at, key, content in batch)
        if len(batch) < _BATCH:
            return
        rest = Recording.objects.filter(at__gt=batch[-1][0], at__lt=until)
