"""When an alarm is looked at: ``mon-fri 08:00-18:00; sat 10:00-12:00``, in UTC. Empty: always. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_COUNTED = 10_000
_SPAN = re.compile(
    r"\s*(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?)?\s*"
    r"(?:(?P<from>\d\d:\d\d)-(?P<until>\d\d:\d\d))?\s*\Z"
)
_DAY_MINUTES = 24 * 60
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
_LONGER_THAN_A_WEEK = timedelta(days=8)


class ScheduleError(ValueError):
    """The text is no schedule; says which part and how it should look."""


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of the day, on some days; one that ends before it begins goes on after midnight."""

    days: frozenset[int]
    begin: int
    end: int

    def covers(self, weekday: int, minute: int) -> bool:
        """Whether this minute of this weekday (Monday 0) is in it."""
        if self.begin < self.end:
            return weekday in self.days and self.begin <= minute < self.end
        return (weekday in self.days and minute >= self.begin) or ((weekday - 1) % 7 in self.days and minute < self.end)

    def end_after(self, moment: datetime) -> datetime:
        """When it ends next, for a whole minute that it covers."""
        minute = moment.hour * 60 + moment.minute
        begins_today = self.begin > self.end and moment.weekday() in self.days and minute >= self.begin
        midnight = moment.replace(hour=0, minute=0)
        return midnight + timedelta(days=int(begins_today), minutes=self.end)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Spans; none: always."""

    spans: tuple[Span, ...] = ()

    def covers(self, moment: datetime) -> bool:
        """Whether the alarm is looked at then (UTC)."""
        minute = moment.hour * 60 + moment.minute
        return not self.spans or any(span.covers(moment.weekday(), minute) for span in self.spans)

    def until(self, moment: datetime) -> datetime | None:
        """When the spans that cover a moment end; None: none covers it, or they never end."""
        begin = at = moment.astimezone(UTC).replace(second=0, microsecond=0)
        while at < begin + _LONGER_THAN_A_WEEK:
            ends = [one.end_after(at) for one in self.spans if one.covers(at.weekday(), at.hour * 60 + at.minute)]
            if not ends:
                return at if at > begin else None
            at = max(ends)
        return None

    def is_all_the_time(self) -> bool:
        """Whether there is no minute of the week that it does not cover."""
        return all(self.covers(_MONDAY + timedelta(minutes=number)) for number in range(7 * _DAY_MINUTES))

    def count(self, begin: datetime, end: datetime, every: timedelta) -> int:
        """How many slots from `begin` until before `end` it covers; beyond `MOST_COUNTED` they are not counted."""
        slots = min((end - begin) // every, MOST_COUNTED)
        return sum(self.covers(begin + number * every) for number in range(slots)) if self.spans else max(slots, 0)


def read_schedule(text: str) -> Schedule:
    """The schedule that a text means.

    Raises:
        ScheduleError: it means none.
    """
    return Schedule(tuple(_span(part) for part in text.lower().split(";") if part.strip()))


def _span(part: str) -> Span:
    found = _SPAN.match(part)
    if found is None or not found.group().strip():
        raise ScheduleError(f"{part.strip()!r} is no time of the week: write mon-fri 08:00-18:00, sat, or 22:00-06:00")
    begin, end = _minute(found["from"], 0), _minute(found["until"], _DAY_MINUTES)
    if begin == end:
        raise ScheduleError(f"{part.strip()!r} has no time in it: its begin is its end")
    return Span(_days(found["first"], found["last"]), begin, end)


def _minute(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    hour, minute = (int(part) for part in text.split(":"))
    if minute > 59 or hour * 60 + minute > _DAY_MINUTES:
        raise ScheduleError(f"{text!r} is no time of the day")
    return hour * 60 + minute


def _days(first: str | None, last: str | None) -> frozenset[int]:
    if first is None:
        return frozenset(range(7))
    for word in (first, last or first):
        if word not in DAYS:
            raise ScheduleError(f"{word!r} is no day: use {', '.join(DAYS)}")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset((begin + step) % 7 for step in range((end - begin) % 7 + 1))
