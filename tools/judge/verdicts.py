"""What a night's events are worth against its truth. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from swf_testbed.simulation.scenarios.truth import Fault, Truth, Verdict

TICKS_IN_TIME = 2
KIND_OF: Mapping[str, str] = {
    "site_failures": "site-failure-ratio",
    "user_failures": "user-failure-ratio",
    "campaign_failures": "campaign-failure-ratio",
    "new_errors": "error-rising",
    "task_failures": "task-failure-ratio",
    "stuck_tasks": "task-stuck",
    "idle_sites": "site-idle",
}
"""The fault that each recommended alarm is there for; the others are for none, so that they have to be silent."""


@dataclass(frozen=True, slots=True)
class Fired:
    """An event that began to fire."""

    at: datetime
    """UTC without zone, as the truth tells it."""
    alarm: str
    fingerprint: str
    words: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """A fault, and when its alarm fired for it; None: never."""

    fault: Fault
    at: datetime | None
    tick: timedelta

    @property
    def minutes_late(self) -> int | None:
        """After the tables showed it; negative where the alarm was earlier."""
        if self.at is None or self.fault.visible is None:
            return None
        return (self.at - self.fault.visible) // timedelta(minutes=1)

    @property
    def in_time(self) -> bool:
        """Within two ticks."""
        if self.at is None or self.fault.visible is None:
            return False
        return self.at - self.fault.visible <= TICKS_IN_TIME * self.tick


@dataclass(frozen=True, slots=True)
class Night:
    """A night, judged."""

    truth: Truth
    fired: tuple[Fired, ...]
    failed: Mapping[str, str]
    """Alarms that could not be evaluated at some tick, and why."""
    tick: timedelta
    """From one tick to the next."""
    messages: int
    """How many people would have got: one per alarm and tick at most."""

    def faults(self) -> tuple[Found, ...]:
        """Those that the tables showed, in the order of the truth."""
        return tuple(
            Found(fault, self._first(fault), self.tick) for fault in self.truth.faults if fault.visible is not None
        )

    def _first(self, fault: Fault) -> datetime | None:
        times = (
            one.at
            for one in self.fired
            if one.verdict == "right" and (KIND_OF.get(one.alarm), one.fingerprint) == (fault.kind, fault.subject)
        )
        return min(times, default=None)


def verdict_of(truth: Truth, alarm: str, fingerprint: str) -> Verdict:
    """Of an event that fires now, with what is true by now."""
    return truth.verdict(KIND_OF.get(alarm, alarm), fingerprint)


@dataclass(frozen=True, slots=True)
class Score:
    """Some alarms on some nights."""

    faults: tuple[Found, ...]
    fired: tuple[Fired, ...]

    @property
    def found(self) -> int:
        """Faults that were found."""
        return sum(one.at is not None for one in self.faults)

    @property
    def in_time(self) -> int:
        """Faults that were found within two ticks."""
        return sum(one.in_time for one in self.faults)

    def count(self, verdict: Literal["right", "consequence", "wrong"]) -> int:
        """Events that are worth this."""
        return sum(one.verdict == verdict for one in self.fired)

    @property
    def latest(self) -> int | None:
        """Minutes of the fault that was found last."""
        return max((one.minutes_late for one in self.faults if one.minutes_late is not None), default=None)

    @property
    def recall(self) -> float | None:
        """Of the faults, how many were found within two ticks."""
        return self.in_time / len(self.faults) if self.faults else None

    @property
    def precision(self) -> float | None:
        """Of the events that are right or wrong, how many are right; consequences count neither way."""
        judged = self.count("right") + self.count("wrong")
        return self.count("right") / judged if judged else None


def score(nights: Iterable[Night], alarm: str | None = None) -> Score:
    """Of one alarm, or of all."""
    faults: list[Found] = []
    fired: list[Fired] = []
    for night in nights:
        faults += [one for one in night.faults() if alarm is None or one.fault.kind == KIND_OF.get(alarm)]
        fired += [one for one in night.fired if alarm is None or one.alarm == alarm]
    return Score(tuple(faults), tuple(fired))
