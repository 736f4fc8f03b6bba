"""What a task is and what will happen to it, drawn from the seed and the jeditaskid alone.

Shares follow epic-facts 9: kinds of tasks, jobs per task, how often people kill, pause or finish one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from swf_testbed.simulation.catalogue import people, storages
from swf_testbed.simulation.catalogue.people import Person
from swf_testbed.simulation.core.chance import clamped, dice, lognormal, weighted

KINDS: Final = {"production": 72, "analysis": 14, "streaming": 8, "test": 6}
#: Median, spread and limit of the jobs per task.
SIZES: Final = {
    "production": (58, 0.6, 300),
    "analysis": (14, 1.1, 160),
    "streaming": (64, 0.45, 200),
    "test": (3, 0.8, 10),
}
PEOPLE: Final = {
    "production": people.OPERATORS,
    "analysis": people.ANALYSTS,
    "streaming": people.STREAMERS,
    "test": people.OPERATORS,
}
#: Commands that people or protections give to a running task: share, earliest and latest hour.
COMMANDS: Final = {
    "kill": (0.05, 0.5, 9.0),
    "pause": (0.08, 0.3, 8.0),
    "finish": (0.05, 2.0, 14.0),
    "throttle": (0.04, 0.2, 4.0),
}
BROKEN: Final = 0.02
SCOUTS: Final = 0.25
SCOUTS_FAIL: Final = 0.05  # of tasks with scouts
PENDING_FIRST: Final = 0.10
RETRIED: Final = 0.30  # of tasks that end with something missing
BAD_TASK: Final = 0.025  # tasks with a fault of their own: many of their jobs fail
HOPELESS_TASK: Final = 0.012  # tasks whose jobs all fail


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task's nature and fate. Hours count from its refinement."""

    kind: str
    person: Person
    by_login: bool
    size: int
    storage: str
    badness: float
    pinned: bool
    broken: bool
    scouts: bool
    scouts_fail: bool
    pending_first: bool
    assigning: bool
    commands: tuple[tuple[float, str], ...]
    hold_hours: float
    retried: bool
    retry_after_hours: float
    killed_when_exhausted: bool


def plan_task(seed: int, jeditaskid: int) -> TaskPlan:
    """The plan of one task."""
    rng = dice(seed, "task", jeditaskid)
    kind = weighted(rng, list(KINDS), list(KINDS.values()))
    person = weighted(rng, PEOPLE[kind], [someone.activity for someone in PEOPLE[kind]])
    scouts = kind in ("production", "analysis") and rng.random() < SCOUTS
    return TaskPlan(
        kind=kind,
        person=person,
        by_login=rng.random() < person.login_share,
        size=_size(rng, kind),
        storage=_storage(rng, kind),
        badness=_badness(rng),
        pinned=kind != "analysis" and rng.random() < 0.8,
        broken=rng.random() < BROKEN,
        scouts=scouts,
        scouts_fail=scouts and rng.random() < SCOUTS_FAIL,
        pending_first=rng.random() < PENDING_FIRST,
        assigning=rng.random() < 0.3,
        commands=_commands(rng),
        hold_hours=rng.uniform(0.3, 20.0),
        retried=rng.random() < RETRIED,
        retry_after_hours=rng.uniform(0.5, 20.0),
        killed_when_exhausted=rng.random() < 0.4,
    )


def _size(rng: random.Random, kind: str) -> int:
    median, sigma, limit = SIZES[kind]
    return int(clamped(lognormal(rng, median, sigma), 1, limit))


def _storage(rng: random.Random, kind: str) -> str:
    if kind == "streaming":
        return rng.choice(("E1_BNL_DISK_1", "E1_JLAB_DISK_1"))
    return weighted(rng, storages.PRODUCTION, [storage.share for storage in storages.PRODUCTION]).name


def _badness(rng: random.Random) -> float:
    """What the task's own faults add to the failure rate of each of its jobs."""
    luck = rng.random()
    if luck < HOPELESS_TASK:
        return 1.0
    return rng.uniform(0.25, 0.97) if luck < HOPELESS_TASK + BAD_TASK else rng.betavariate(0.4, 30)


def _commands(rng: random.Random) -> tuple[tuple[float, str], ...]:
    draws = ((command, share, rng.random(), rng.uniform(low, high)) for command, (share, low, high) in COMMANDS.items())
    return tuple((hour, command) for command, share, luck, hour in draws if luck < share)
