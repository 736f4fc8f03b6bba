"""Scenarios played small for the tests: half a day of history, steps of ten minutes, and what plain SQL saw at each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from swf_testbed.simulation.scenarios.playing import Step, play
from swf_testbed.simulation.scenarios.truth import Fault, Truth
from tests.testbed.simulation import worlds
from tests.testbed.simulation.scenarios import plain_sql

END = datetime.fromisoformat("2026-11-26 06:00")
CURTAIN = END - timedelta(hours=8)
FAULT = CURTAIN + timedelta(minutes=62)
STEP = timedelta(minutes=10)
HISTORY = timedelta(hours=9)


def small(name: str, path: Path, *, seed: int = 1, step: timedelta = STEP) -> Iterator[Step]:
    """A scenario in a small world."""
    return play(name, worlds.url(path), seed=seed, end=END, step=step, history=HISTORY, first_tasks=3)


def play_until(name: str, path: Path, until: datetime, *, seed: int = 1) -> Truth:
    """Play up to a moment. Returns the truth then."""
    steps = small(name, path, seed=seed)
    for step in steps:
        if step.now >= until:
            steps.close()  # type: ignore[attr-defined]
            return step.truth
    raise AssertionError("the night is shorter")


@dataclass(frozen=True)
class Look:
    """One step: what is true, and what plain SQL finds."""

    now: datetime
    truth: Truth
    found: dict[str, set[str]]


@dataclass(frozen=True)
class Night:
    """A whole night, and its database as it was at the end."""

    path: Path
    looks: tuple[Look, ...]

    @property
    def truth(self) -> Truth:
        return self.looks[-1].truth

    def fault(self, kind: str) -> Fault:
        """The only fault of a kind."""
        (fault,) = (fault for fault in self.truth.faults if fault.kind == kind)
        return fault

    def first_found(self, kind: str, subject: str) -> datetime | None:
        """The first step at which plain SQL finds it, from the fault's begin on."""
        return next((look.now for look in self.looks if subject in look.found[kind]), None)


def watched(name: str, path: Path) -> Night:
    """Play a whole night, and look at each step."""
    looks = tuple(Look(step.now, step.truth, plain_sql.found(path, step.now)) for step in small(name, path))
    return Night(path, looks)
