"""Lists in pieces, each found by an index: a piece begins after the last row of the one before, however deep it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Self, TypeVar

from django.db.models import Model, Q, QuerySet

from swf_remote.alarms.selection import SelectionError

Row = TypeVar("Row", bound=Model)
SIZE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MARK = re.compile(r"([a-z])(\d{1,17})\.([0-9A-Za-z~-]{0,36})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a piece ended: the moment and the key of its last row, and in which part of the list."""

    part: str
    at: datetime
    key: str

    def __str__(self) -> str:
        return f"{self.part}{(self.at - _EPOCH) // _MICROSECOND}.{self.key}"

    @classmethod
    def read(cls, text: str, parts: str) -> Self | None:
        """The mark of an address; None: from the begin.

        Raises:
            SelectionError: it is none, or of another list.
        """
        if not text:
            return None
        found = _MARK.fullmatch(text)
        if found is None or found[1] not in parts:
            raise SelectionError("after is no mark of this list: open the list anew and follow its links.")
        return cls(found[1], _EPOCH + int(found[2]) * _MICROSECOND, found[3])


@dataclass(frozen=True, slots=True)
class Piece(Generic[Row]):
    """Some rows of a list."""

    rows: Sequence[Row]
    next: Mark | None = None
    """Where the next piece begins; None: this was the last."""


def piece(rows: QuerySet[Row], field: str, mark: Mark | None, part: str = "p", size: int = SIZE) -> Piece[Row]:
    """The newest rows by `field` after the mark; rows without that moment are left out."""
    found = list(after(rows, field, mark).order_by(f"-{field}", "-pk")[: size + 1])
    more = len(found) > size
    return Piece(found[:size], mark_of(found[size - 1], field, part) if more else None)


def after(rows: QuerySet[Row], field: str, mark: Mark | None) -> QuerySet[Row]:
    """Those after the mark."""
    if mark is None:
        return rows.filter(**{f"{field}__isnull": False})
    behind = Q(**{f"{field}__lt": mark.at}) | Q(**{field: mark.at}, pk__lt=_key(rows, mark.key))
    # The first condition says nothing new, but it can be looked up in an index.
    return rows.filter(**{f"{field}__lte": mark.at}).filter(behind)


def mark_of(row: Model, field: str, part: str) -> Mark:
    """The mark of a row."""
    return Mark(part, getattr(row, field), str(row.pk))


def _key(rows: QuerySet[Any], text: str) -> Any:
    """Keys of some tables are numbers."""
    is_text = rows.model._meta.pk.get_internal_type() == "CharField"
    return text if is_text else int(text) if text.isdigit() else 0
