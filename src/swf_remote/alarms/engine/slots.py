"""When an alarm is due. Pure; times are aware and in UTC.

Time is cut into slots of the alarm's interval, counted from the epoch, so that all hosts agree on them. Each slot is
evaluated once, late ones too, but only the present one: what the monitor said an hour ago cannot be asked any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .schedule import Schedule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """A slot that is to be evaluated."""

    slot: datetime
    missed: int
    """Slots between it and the one evaluated before that nobody evaluated."""


def slot_of(now: datetime, every: timedelta) -> datetime:
    """The slot that `now` is in."""
    return EPOCH + (now - EPOCH) // every * every


def due(evaluated_for: datetime | None, now: datetime, every: timedelta, schedule: Schedule) -> Due | None:
    """The slot to be evaluated now; None: it was already, or the schedule has a pause.

    A slot that lies ahead of the present one was evaluated by a clock that has been put back since; it does not count.
    """
    slot = slot_of(now, every)
    if not schedule.covers(slot):
        return None
    if evaluated_for is None or evaluated_for > slot + every:
        return Due(slot, 0)
    if evaluated_for >= slot:
        return None
    return Due(slot, schedule.count(evaluated_for + every, slot, every))
