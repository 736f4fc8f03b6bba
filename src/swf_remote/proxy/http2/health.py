"""Whether a connection is alive, and still of use. Pure: the clock comes from outside."""

from __future__ import annotations

from enum import Enum, auto

QUIET_SECONDS = 3.0
"""Silence after which the other side is asked whether it is there."""
ANSWER_SECONDS = 4.0
"""Silence after the question that means that it is not."""
IDLE_SECONDS = 60.0
TICK_SECONDS = 1.0
"""How often to look."""


class Step(Enum):
    """What has to be done."""

    NOTHING = auto()
    ASK = auto()
    GIVE_UP = auto()
    CLOSE = auto()


class Health:
    """What is known of one connection; times are seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._heard = self._used = self._looked = now
        self._asked: float | None = None

    def heard(self, now: float) -> None:
        """Something came, whatever it was."""
        self._heard = now
        self._asked = None

    def used(self, now: float) -> None:
        """A request ended."""
        self._used = now

    def look(self, now: float, *, busy: bool) -> Step:
        """What has to be done now; `busy`: requests are on the way."""
        late = now - self._looked > 2 * TICK_SECONDS
        self._looked = now
        if not busy and now - self._used >= IDLE_SECONDS:
            return Step.CLOSE
        if self._asked is None:
            if now - self._heard < QUIET_SECONDS:
                return Step.NOTHING
            self._asked = now
            return Step.ASK
        if late:
            # This process stood still: an answer may be there and unread.
            self._asked = now
            return Step.NOTHING
        return Step.GIVE_UP if now - self._asked >= ANSWER_SECONDS else Step.NOTHING
