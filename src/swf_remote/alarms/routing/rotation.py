"""Who of a team is on duty at a moment. Pure; times are aware.

The order of the members is the order of duty: from the begin on each has so many days, and after the last one comes the
first again. It is a function of the time alone, so that a clock that is put back gives whoever was on duty then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_YEARS = range(1970, 9000)


class RotationError(ValueError):
    """The begin of a rotation cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on duty, until when, and who then."""

    now: str
    until: datetime
    next: str


def on_duty(members: Sequence[str], days: int, begins: datetime, now: datetime) -> Duty | None:
    """Who is on duty at `now`; before the begin it is the first one already, until the end of the first turn.

    Args:
        members: in the order of duty.
        days: how long each is on duty; 0: there is no rotation.
        begins: when the first one's duty begins.
        now: the moment.

    Returns:
        None, if there is no rotation or nobody in it.
    """
    if days <= 0 or not members:
        return None
    turn = max((now - begins) // timedelta(days=days), 0)
    until = begins + (turn + 1) * timedelta(days=days)
    return Duty(members[turn % len(members)], until, members[(turn + 1) % len(members)])


def read_begin(text: str) -> datetime:
    """The moment that a text names, such as ``2026-11-30 08:00`` or ``2026-11-30T08:00:00Z``; without a zone it is UTC.

    Raises:
        RotationError: it names none.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        if found.year not in _YEARS:
            raise ValueError
    except ValueError:
        raise RotationError("Give the day and time of the first turn in UTC, such as 2026-11-30 08:00.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
