"""A scenario played step by step into a database, for a judge: what the tables show, and what is true.

Time is simulated: eight hours are over in seconds. They end in the present unless asked otherwise, so that a monitor
whose clock is the wall's sees all of it in its windows of days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import URL

from swf_testbed.simulation import seeding
from swf_testbed.simulation.running import Live, present
from swf_testbed.simulation.scenarios.chronicle import Chronicle
from swf_testbed.simulation.scenarios.stories import STORIES, continued
from swf_testbed.simulation.scenarios.story import HISTORY, PLAYED, SHORTEST_HISTORY, Story
from swf_testbed.simulation.scenarios.truth import Truth
from swf_testbed.simulation.seeding import CannotSeedError, Order, Report
from swf_testbed.simulation.storage import database, marks
from swf_testbed.simulation.storage.reader import read_world

STEP: Final = timedelta(minutes=5)
FIRST_TASKS: Final = 12


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of a played scenario.

    Attributes:
        now: the simulated present, UTC without zone; the tables show what was so then.
        truth: what is true, as known by then.
    """

    now: datetime
    truth: Truth


def play(
    name: str,
    database_url: str | URL,
    *,
    seed: int = 1,
    end: datetime | None = None,
    step: timedelta = STEP,
    history: timedelta = HISTORY,
    first_tasks: int = FIRST_TASKS,
    report: Report = lambda _: None,
) -> Iterator[Step]:
    """Make the database anew, and go through the scenario: once before it begins, then after each step.

    Each step is one transaction, committed when it is yielded. Same name, seed, end and history: same rows.

    Args:
        name: one of `stories.NAMES`.
        database_url: SQLite or PostgreSQL; whatever simulated data is there is replaced.
        end: end of the eight hours that are played, UTC without zone; None for the present.
        step: time from one step to the next.
        history: calm days before; at least nine hours.
        first_tasks: tasks at the beginning of the history.
        report: is told how far the history is.

    Raises:
        KeyError: there is no such scenario.
        ValueError: the history is too short, or the step is not positive.
        seeding.CannotSeedError: the database is not the testbed's, or somebody uses it.
        running.CannotRunError: another simulation has moved the database on.
    """
    story = STORIES[name]
    if history < SHORTEST_HISTORY or step <= timedelta():
        raise ValueError("a scenario needs nine hours of history, and steps forward")
    address = database.parsed(database_url) if isinstance(database_url, str) else database_url
    last = (end or present()).replace(microsecond=0)
    prepare(story, address, seed, last - PLAYED, history=history, first_tasks=first_tasks, report=report)
    return _steps(address, last, step)


def prepare(
    story: type[Story],
    address: URL,
    seed: int,
    until: datetime,
    *,
    history: timedelta = HISTORY,
    first_tasks: int = FIRST_TASKS,
    ahead: timedelta = timedelta(),
    report: Report = lambda _: None,
) -> None:
    """Make the database anew up to ``until``, which is so far ``ahead`` of the curtain.

    Raises:
        seeding.CannotSeedError: the database is not the testbed's, or somebody uses it.
    """
    seeding.existing(address)
    make: Callable[[], Story] = partial(story, history)
    seeding.seed(address, Order(seed, until, history + ahead, first_tasks=first_tasks, circumstances=make), report)


def _steps(address: URL, last: datetime, step: timedelta) -> Iterator[Step]:
    engine = database.open_engine(address)
    try:
        with engine.begin() as connection:
            notes = marks.read_marks(connection)
            if notes is None or notes.scenario is None:
                raise CannotSeedError("somebody has replaced the database")
            live = Live(engine, read_world(connection, notes, continued(notes)), notes)
        story = live.world.circumstances
        assert isinstance(story, Story), "the notes name a scenario"
        chronicle = Chronicle(story, notes.seed)
        while True:
            now = live.world.now
            with engine.begin() as connection:
                truth = chronicle.note(connection, now)
            yield Step(now, truth)
            if now >= last:
                return
            live.step(min(now + step, last))
    finally:
        engine.dispose()
