"""The list of events: open ones first, then by when they ended, newest first; any number of them, page by page.

The window is a range of that order, so each page costs the same. Where a condition is rare, one page looks at
`LOOKED_AT` events at most and says how far it came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from swf_remote.alarms.models import Event, State
from swf_remote.alarms.selection import STATES, Selection

from .keyset import Mark, Piece, after, piece

PARTS = "or"
LOOKED_AT = 20_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list."""

    events: list[Event]
    next: Mark | None
    looked_until: datetime | None = None
    """Set where the page is not full, only because so many events were looked at."""


def listed(selection: Selection, now: datetime, mark: Mark | None, size: int) -> Listed:
    """The page after the mark."""
    found: list[Event] = []
    if selection.state != State.RESOLVED and (mark is None or mark.part == "o"):
        first = piece(_open(selection, now), "first_seen", mark, "o", size)
        found = list(first.rows)
        if first.next or selection.state:
            return Listed(found, first.next)
        mark = None
    if selection.state and selection.state != State.RESOLVED:
        return Listed(found, None)
    if len(found) == size:
        return Listed(found, Mark("r", now, "~"))
    second, looked_until = _over(replace(selection, state=""), now, mark, size - len(found))
    return Listed([*found, *second.rows], second.next, looked_until)


def _open(selection: Selection, now: datetime) -> QuerySet[Event]:
    return selection.events(now).filter(state__in=STATES["open"])


def _over(selection: Selection, now: datetime, mark: Mark | None, size: int) -> tuple[Piece[Event], datetime | None]:
    is_rare = bool(selection.words or selection.severity)
    until = _looked_until(selection, now, mark) if is_rare else None
    # One lower bound alone: of two, SQLite looks up the first in its index.
    ended = selection.events(now).filter(resolved_at__gte=until or selection.since(now))
    found = piece(ended, "resolved_at", mark, "r", size)
    if until is None or found.next:
        return found, None
    return Piece(found.rows, Mark("r", until, "")), until


def _looked_until(selection: Selection, now: datetime, mark: Mark | None) -> datetime | None:
    """The end of the `LOOKED_AT`-th event after the mark; None: there are fewer. An index alone tells."""
    ended = Event.objects.filter(resolved_at__gte=selection.since(now))
    if selection.alarm:
        ended = ended.filter(alarm__name=selection.alarm)
    moments = after(ended, "resolved_at", mark).order_by("-resolved_at").values_list("resolved_at", flat=True)
    return next(iter(moments[LOOKED_AT : LOOKED_AT + 1]), None)
