"""Jobs that ended, by time and outcome: the figures of the "Completed jobs" plot (contract 4.5).

A job belongs to the bin in which its ``endtime`` lies. Bins are whole hours (windows up to three days) or whole days,
UTC; the window cuts the first and the last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from swf_monitor.panda.queries.expressions import StartOfDay, StartOfHour
from swf_monitor.panda.queries.selection import JobSelection
from swf_monitor.panda.windows import Window

OUTCOMES: Final = ("finished", "failed", "cancelled", "closed")
LONGEST_BY_HOUR: Final = timedelta(days=3)
# No page offers a longer window; a plot of more than this many days would show nothing.
LONGEST: Final = timedelta(days=400)
# PanDA touches a row at or after the job's end; a pilot's clock may be wrong, though hardly by more.
CLOCK_SKEW: Final = timedelta(days=1)
_FIRST_DAY: Final = datetime(1, 1, 1)  # noqa: DTZ001 - PanDA times are UTC without zone
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Outcomes:
    """How many jobs ended in each bin, per outcome.

    Attributes:
        start, end: the window, (start, end]; the end is included.
        bucket: ``hour`` or ``day``.
        bins: the beginnings of all bins, without gaps.
        values: one list per outcome, as long as `bins`.
    """

    start: datetime
    end: datetime
    bucket: str
    bins: list[datetime]
    values: dict[str, list[int]]

    @property
    def step(self) -> timedelta:
        """The length of a bin."""
        return _step(self.bucket)

    def drill_down(self, index: int) -> tuple[datetime, datetime]:
        """The exact pair (after, before] that selects the jobs of one bin."""
        first = self.bins[index]
        last = self.end if self.end - first < self.step else first + self.step - _INSTANT
        return max(first - _INSTANT, self.start) if index else self.start, last


def outcomes(connection: Connection, selection: JobSelection, now: datetime) -> Outcomes:
    """Count the jobs of the selection that ended in its window; its state filter is lifted."""
    start, end = _limits(selection.window, now)
    bucket = "hour" if _length(selection.window) <= LONGEST_BY_HOUR else "day"
    ended = replace(
        selection,
        status=None,
        statuses=OUTCOMES,
        window=Window(0, start, (start, end)),
        modified_since=start - min(CLOCK_SKEW, start - _FIRST_DAY),
    )
    bins = _bins(start, end, bucket)
    values = {status: [0] * len(bins) for status in OUTCOMES}
    positions = {beginning.isoformat(): index for index, beginning in enumerate(bins)}
    for status, beginning, number in _counts(connection, ended, bucket):
        values[status][positions[beginning]] = number
    return Outcomes(start, end, bucket, bins, values)


def _limits(window: Window, now: datetime) -> tuple[datetime, datetime]:
    start, end = window.ended or (window.since, now)
    return max(start, end - min(LONGEST, end - _FIRST_DAY)), end


def _length(window: Window) -> timedelta:
    """The length as asked for: seconds that passed since then do not count."""
    if window.ended is None:
        return timedelta(days=min(window.days, LONGEST.days))
    return window.ended[1] - window.ended[0]


def _step(bucket: str) -> timedelta:
    return timedelta(hours=1) if bucket == "hour" else timedelta(days=1)


def _bins(start: datetime, end: datetime, bucket: str) -> list[datetime]:
    if start >= end:
        return []
    first = start.replace(minute=0, second=0, microsecond=0)
    if bucket == "day":
        first = first.replace(hour=0)
    step = _step(bucket)
    return [first + index * step for index in range((end - first) // step + 1)]


def _counts(connection: Connection, selection: JobSelection, bucket: str) -> list[tuple[str, str, int]]:
    jobs = selection.rows("jobstatus", "endtime")
    beginning = (StartOfHour if bucket == "hour" else StartOfDay)(jobs.c.endtime).label("beginning")
    query = select(jobs.c.jobstatus, beginning, func.count()).group_by(jobs.c.jobstatus, beginning)
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]
