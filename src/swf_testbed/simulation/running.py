"""The simulation in real time: one step a second, each one transaction, from where the tables stand.

After a pause the missed time is simulated first, at speed 1, in portions: PanDA went on while nobody watched. Speed 0
stands still (nothing is caught up either); the Harvesters still report every second, as real ones would.
"""

from __future__ import annotations

import logging
import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import URL, Connection, Engine, update
from sqlalchemy.exc import OperationalError

from swf_monitor.panda.schema import table
from swf_testbed.simulation.behaviour.circumstances import Circumstances
from swf_testbed.simulation.core.world import World
from swf_testbed.simulation.scenarios.stories import continued
from swf_testbed.simulation.storage import database, marks
from swf_testbed.simulation.storage.marks import Marks
from swf_testbed.simulation.storage.reader import read_world
from swf_testbed.simulation.storage.retention import Retention, move_old_rows
from swf_testbed.simulation.storage.writer import write

logger = logging.getLogger(__name__)

STEP_SECONDS: Final = 1.0
CATCH_UP_STEP: Final = timedelta(hours=1)
#: A gap from which on the missed time is caught up at speed 1.
GAP: Final = timedelta(seconds=90)
TIDY_EVERY: Final = timedelta(hours=1)
RETRY_SECONDS: Final = 2.0


class CannotRunError(Exception):
    """There is nothing to continue, or somebody else continues it."""


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def present() -> datetime:
    """The wall clock, UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def run(address: URL, speed: float, stop: threading.Event) -> None:
    """Advance the database until told to stop. A database that goes away is waited for, and read again.

    Raises:
        CannotRunError: the database holds no complete seed, or another simulation works on it.
    """
    path = database.sqlite_path(address)
    if path is not None and not path.exists():
        raise CannotRunError(f"{path} is not there; run swf-testbed seed first")
    engine = database.open_engine(address)
    try:
        while not stop.is_set():
            try:
                _continue(engine, speed, stop)
            except OperationalError as error:
                logger.warning("database: %s; trying again", str(error.orig))
                stop.wait(RETRY_SECONDS)
    finally:
        engine.dispose()


def _continue(engine: Engine, speed: float, stop: threading.Event) -> None:
    with engine.begin() as connection:
        notes = marks.read_marks(connection) if database.holds_tables(connection) else None
        if notes is None:
            raise CannotRunError("the database holds no complete simulation; run swf-testbed seed first")
        world = None if speed == 0 else read_world(connection, notes, _circumstances(notes))
    if world is None:
        _stand_still(engine, stop)
    else:
        Live(engine, world, notes).go(speed, stop)


def _circumstances(notes: Marks) -> Circumstances:
    try:
        return continued(notes)
    except LookupError as error:
        raise CannotRunError(f"the database holds a scenario that is not known here: {notes.scenario}") from error


def _stand_still(engine: Engine, stop: threading.Event) -> None:
    while not stop.is_set():
        with engine.begin() as connection:
            beat(connection, present())
        stop.wait(STEP_SECONDS)


def beat(connection: Connection, at: datetime) -> None:
    """Every Harvester reports."""
    connection.execute(update(table("harvester_instances")).values(lastupdate=at))


class Live:
    """A world and the database that it is written to, step by step."""

    def __init__(self, engine: Engine, world: World, notes: Marks) -> None:
        self.engine = engine
        self.world = world
        self._written_until = notes.simulated_until
        self._tidied_at = notes.simulated_until

    def go(self, speed: float, stop: threading.Event) -> None:
        """Catch up, then follow the clock until told to stop."""
        self.catch_up(stop)
        self.world.change_speed(speed)
        while not stop.is_set():
            self.step(present())
            stop.wait(STEP_SECONDS)

    def catch_up(self, stop: threading.Event) -> None:
        """Simulate what a pause has left out."""
        missed = present() - self.world.now
        if missed > GAP:
            logger.info("catching up %s", missed)
        while not stop.is_set() and present() - self.world.now > GAP:
            self.step(min(present(), self.world.now + CATCH_UP_STEP))

    def step(self, until: datetime) -> int:
        """Advance to ``until`` in one transaction. Returns the number of rows written.

        Raises:
            CannotRunError: another simulation has moved the database on.
        """
        self.world.advance(until)
        with self.engine.begin() as connection:
            try:
                marks.move_mark(connection, self._written_until, self.world.now)
            except marks.OtherWriterError as error:
                raise CannotRunError(str(error)) from error
            rows = write(connection, self.world.ledger)
            if self.world.now - self._tidied_at > TIDY_EVERY:
                move_old_rows(connection, self.world.now, Retention())
                self._tidied_at = self.world.now
            beat(connection, until)
        self._written_until = self.world.now
        return rows
