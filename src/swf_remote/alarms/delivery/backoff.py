"""When a delivery that failed goes again. Pure."""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=1)
MOST_ATTEMPTS = 30
"""With the waits between them about a day. Counted and not timed, so that a clock set wrong gives nothing up."""


def wait_after(attempts: int, asked: float | None = None, *, has_come_on: bool = False) -> timedelta:
    """How long to wait after so many attempts: 1, 2, 4, … minutes, at most an hour.

    Args:
        attempts: made so far, at least one.
        asked: seconds that the other side wants; heeded up to an hour.
        has_come_on: some destinations took it in the last attempt; the others need not wait for long.
    """
    usual = FIRST if has_come_on else min(FIRST * 2 ** min(attempts - 1, 10), LONGEST)
    return usual if asked is None else max(usual, min(timedelta(seconds=min(asked, 1e6)), LONGEST))
