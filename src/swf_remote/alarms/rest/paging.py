"""Long lists piece by piece: a cursor says after which row the next piece begins, so that none comes twice.

A cursor names the moment of the first question and the place of the last row, by its sorting columns; rows that come
meanwhile are not part of the walk. It is opaque to clients and needs no secret: whoever makes one up sees what he may
see anyway.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet

from swf_remote.alarms.selection import SelectionError

from .serving import Asked

DEFAULT_LIMIT = 100
MOST_ROWS = 500
MOST_COUNTED = 10_000
MOST_LOOKED = 20_000
_LONGEST = 400
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a walk stands."""

    began: datetime
    """When its first page was asked for."""
    stage: int = 0
    """Which of several lists, one after the other."""
    at: datetime | None = None
    """Of the last row; None: before the first."""
    pk: str = ""

    def text(self) -> str:
        """As it stands in an address."""
        facts = [self.began.isoformat(), self.stage, self.at.isoformat() if self.at else "", self.pk]
        return base64.urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")


def read_cursor(text: str, now: datetime) -> Cursor:
    """The place that an address names; an empty one: the begin.

    Raises:
        SelectionError: it is none of ours.
    """
    if not text:
        return Cursor(now)
    try:
        if len(text) > _LONGEST:
            raise ValueError
        padded = text + "=" * (-len(text) % 4)
        began, stage, at, pk = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
        if not (isinstance(stage, int) and 0 <= stage <= 1 and isinstance(pk, str) and "\0" not in pk):
            raise ValueError
        return Cursor(_moment(began), stage, _moment(at) if at else None, pk)
    except (ValueError, TypeError, RecursionError):
        raise SelectionError("cursor is none that was given here: follow `next` as it is.") from None


def _moment(text: Any) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or not 1970 <= found.year <= 9998:
        raise ValueError
    return found.astimezone(UTC)


def limit_of(asked: Asked) -> int:
    """How many rows a page has.

    Raises:
        SelectionError: the address asks for too many, or for no number.
    """
    text = asked.query.get("limit", "")
    if not text:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_ROWS):
        raise SelectionError(f"limit is {text[:20]!r}: give a whole number from 1 to {MOST_ROWS}.")
    return int(text)


@dataclass(frozen=True, slots=True)
class Stage(Generic[M]):
    """One list of a walk: newest first by a column of times, rows of the same time by key."""

    rows: QuerySet[M]
    column: str
    among: QuerySet[M] | None = None
    """Where rows are rare: those among which they are. At most `MOST_LOOKED` of these are looked at for a page."""

    def page(self, place: Cursor, room: int) -> tuple[list[M], Cursor | None]:
        """The next rows, and where those after them begin; None: there are no more."""
        rows, floor = self._after(self.rows, place), self._floor(place)
        if floor is not None:
            rows = rows.filter(**{f"{self.column}__gt": floor})
        found = list(rows[: room + 1])
        if len(found) > room:
            return found[:room], _place_of(found[room - 1], self.column, place) if room else place
        return found, None if floor is None else replace(place, at=floor, pk="")

    def _after(self, rows: QuerySet[M], place: Cursor) -> QuerySet[M]:
        rows = rows.order_by(f"-{self.column}", "pk")
        if place.at is None:
            return rows
        later = Q(**{f"{self.column}__lt": place.at}) | Q(**{self.column: place.at, "pk__gt": place.pk})
        # The bound alone lets the database begin at the right place of its index.
        return rows.filter(later, **{f"{self.column}__lte": place.at})

    def _floor(self, place: Cursor) -> datetime | None:
        """The time down to which is looked; None: down to the end."""
        if self.among is None:
            return None
        times = self._after(self.among, place).values_list(self.column, flat=True)
        found: datetime | None = next(iter(times[MOST_LOOKED : MOST_LOOKED + 1]), None)
        return None if found == place.at else found


def walk(stages: Sequence[Stage[M]], place: Cursor, limit: int) -> tuple[list[M], Cursor | None]:
    """The rows after a place, and where the next ones begin; None: there are no more."""
    found: list[M] = []
    for number in range(place.stage, len(stages)):
        begin = place if number == place.stage else Cursor(place.began, number)
        rows, following = stages[number].page(begin, limit - len(found))
        found += rows
        if following is not None:
            return found, following
    return found, None


def _place_of(row: Model, column: str, place: Cursor) -> Cursor:
    return replace(place, at=getattr(row, column), pk=str(row.pk))


def bounded_count(*rows: QuerySet[Any]) -> int:
    """How many rows there are, counted up to one more than `MOST_COUNTED`."""
    return sum(one.order_by()[: MOST_COUNTED + 1].count() for one in rows)


def next_address(asked: Asked, place: Cursor | None) -> str | None:
    """Where the next page is: the same question with another cursor."""
    if place is None:
        return None
    words = {name: value for name, value in asked.query.items() if name != "cursor"}
    return f"{asked.request.path}?{urlencode({**words, 'cursor': place.text()})}"


def told(asked: Asked, name: str, rows: Sequence[Any], place: Cursor | None, total: int | None) -> dict[str, Any]:
    """A page of a list; `total` stands on the first page alone."""
    page: dict[str, Any] = {name: list(rows), "next": next_address(asked, place)}
    if total is not None:
        page |= {"total": min(total, MOST_COUNTED), "total_is_exact": total <= MOST_COUNTED}
    return page
