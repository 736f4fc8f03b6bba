"""The time window of a list: the last N days, or an exact pair of end times (contract 2.2 and section 4).

All times are UTC without zone, as PanDA stores them. `utc_now` is the only clock of the PanDA pages; tests replace it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_

_FIRST: Final = datetime(1, 1, 1)  # noqa: DTZ001 - PanDA's times have no zone
_LAST: Final = datetime(9999, 12, 31)  # noqa: DTZ001
DEFAULT_DAYS: Final = 7
CHOICES: Final = ((1, "1d"), (3, "3d"), (7, "7d"), (14, "14d"), (30, "30d"), (90, "3mo"), (180, "6mo"), (365, "1yr"))
"""The links of the days selector: value and label."""


def utc_now() -> datetime:
    """The present moment, UTC, without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Window:
    """What rows belong to a list.

    Attributes:
        days: length of the window that ends now; kept in links even beside an exact pair.
        since: its beginning.
        ended: the exact pair (after, before], or None; it replaces the days when given.
        ended_text: the pair as it was asked for, for links.
    """

    days: int
    since: datetime
    ended: tuple[datetime, datetime] | None = None
    ended_text: tuple[str, str] | None = None

    def holds(self, modified: ColumnElement[Any], ended: ColumnElement[Any]) -> ColumnElement[bool]:
        """The SQL condition on a row's modification time, or on its end time for an exact window."""
        if self.ended is None:
            return modified >= self.since
        return and_(ended > self.ended[0], ended <= self.ended[1])

    def parameters(self) -> dict[str, Any]:
        """The query parameters that give the same window again."""
        if self.ended_text is None:
            return {"days": self.days}
        return {"ended_after": self.ended_text[0], "ended_before": self.ended_text[1]}

    def words(self) -> str:
        """The window for the reader."""
        if self.ended is None:
            return f"last {self.days} day{'' if self.days == 1 else 's'}"
        return f"ended after {self.ended[0]:%Y-%m-%d %H:%M} up to {self.ended[1]:%Y-%m-%d %H:%M} UTC"


def requested_window(query: Mapping[str, str], *, default_days: int = DEFAULT_DAYS) -> Window:
    """The window that a page was asked for.

    A `days` that is no integer counts as absent; 0 or less gives an empty window; one that reaches before the calendar
    begins gives all rows. An incomplete or unreadable pair is ignored.
    """
    window = window_of_days(_days(query.get("days"), default_days))
    after, before = query.get("ended_after", ""), query.get("ended_before", "")
    first, last = _moment(after), _moment(before)
    if first is None or last is None:
        return window
    return Window(window.days, window.since, (first, last), (after, before))


def window_of_days(days: int) -> Window:
    """The window of the last `days` days."""
    try:
        since = utc_now() - timedelta(days=days)
    except OverflowError:
        since = _FIRST if days > 0 else _LAST
    return Window(days, since)


def _days(text: str | None, default: int) -> int:
    try:
        return int(text) if text is not None else default
    except ValueError:
        return default


def _moment(text: str) -> datetime | None:
    # A plus sign that was not encoded arrives as a space.
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        return _moment_with_space(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _moment_with_space(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
