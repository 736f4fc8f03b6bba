"""When what fired: the few columns that strips and statistics need, read in bounded numbers by way of an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from swf_remote.alarms.models import Alarm, Event, State

MOST = 2000
"""Events that are looked at; a window with more of them is told of its newest part alone."""
MOST_OPEN = 2000
_LONG_RUNNING = 200
FIRING = (State.FIRING, State.ACKNOWLEDGED)
_FIELDS = ("alarm_id", "fired_at", "resolved_at", "acknowledged_at", "flapping")


class Span(NamedTuple):
    """One event that fired."""

    alarm_id: str
    fired_at: datetime
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    flapping: bool


@dataclass(frozen=True, slots=True)
class Spans:
    """Events that fired at some time between `begin` and now."""

    rows: Sequence[Span]
    begin: datetime
    """The begin of the window, or a later moment since which all is known."""
    complete: bool
    """Whether that is the whole window."""

    def of(self, alarm_id: str) -> list[Span]:
        """Those of one alarm."""
        return [row for row in self.rows if row.alarm_id == alarm_id]


def of_all(since: datetime) -> Spans:
    """Of all alarms."""
    over = Event.objects.filter(resolved_at__gte=since).order_by("-resolved_at")
    rows = _rows(over[: MOST + 1])
    complete = len(rows) <= MOST
    begin = since if complete else rows[MOST].resolved_at or since
    fires = Event.objects.filter(state__in=FIRING).order_by("-fired_at")[:MOST_OPEN]
    return Spans([*_rows(fires), *rows[:MOST]], begin, complete)


def of_alarm(alarm: Alarm, since: datetime) -> Spans:
    """Of one alarm."""
    return _by_begin(Event.objects.filter(alarm=alarm), since)


def of_thing(fingerprint: str, since: datetime) -> Spans:
    """Of one thing, such as ``task:4711``, over all alarms."""
    return _by_begin(Event.objects.filter(fingerprint=fingerprint), since)


def _by_begin(events: QuerySet[Event], since: datetime) -> Spans:
    """An index of these leads by when they fired, so what began before the window is looked for close before it."""
    ordered = events.order_by("-fired_at")
    inside = _rows(ordered.filter(fired_at__gte=since)[: MOST + 1])
    if len(inside) > MOST:
        return Spans(inside[:MOST], inside[MOST].fired_at, complete=False)
    before = _rows(ordered.filter(fired_at__lt=since)[:_LONG_RUNNING])
    return Spans(
        [*inside, *(row for row in before if row.resolved_at is None or row.resolved_at >= since)], since, True
    )


def _rows(events: QuerySet[Event]) -> list[Span]:
    found: Iterable[tuple[Any, ...]] = events.values_list(*_FIELDS)
    return [Span(*row) for row in found if row[1] is not None]
