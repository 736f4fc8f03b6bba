"""Fourteen days of history, made by the very simulation that goes on afterwards.

An SQLite database is built in a file beside the real one and put in its place when complete; on PostgreSQL all is one
transaction. So a database is either whole or not there, whenever the process dies.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError

from swf_testbed.simulation.behaviour.arrivals import OPENING_BURST
from swf_testbed.simulation.behaviour.circumstances import Circumstances
from swf_testbed.simulation.core.world import FIRST_IDS, World
from swf_testbed.simulation.genesis import new_world
from swf_testbed.simulation.storage import database, marks
from swf_testbed.simulation.storage.bulk import insert_rows
from swf_testbed.simulation.storage.marks import Marks
from swf_testbed.simulation.storage.retention import Retention, move_old_rows
from swf_testbed.simulation.storage.writer import write

_STEP: Final = timedelta(hours=6)
#: The longer, the fewer jobs are written more than once; the shorter, the less memory.
_WRITTEN_EVERY: Final = timedelta(days=2)


class CannotSeedError(Exception):
    """The database is not ours to fill, or somebody uses it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the seeding is."""

    share: float
    tasks: int
    jobs: int


@dataclass(frozen=True, slots=True)
class Order:
    """What to make: same seed and same ``now`` (UTC without zone) give the same rows."""

    seed: int
    now: datetime
    history: timedelta = timedelta(days=14)
    retention: Retention = field(default_factory=Retention)
    first_tasks: int = OPENING_BURST
    circumstances: Callable[[], Circumstances] = Circumstances


Report = Callable[[Progress], None]


def existing(address: URL) -> Marks | None:
    """The notes of a complete simulated database at this address, None where there is nothing yet or half of it.

    Raises:
        CannotSeedError: there is a PanDA database that no testbed made.
    """
    path = database.sqlite_path(address)
    if path is not None and not path.exists():
        return None
    engine = database.open_engine(address)
    try:
        with closing(engine.connect()) as connection:
            if not database.holds_tables(connection):
                return None
            found = marks.read_marks(connection)
            if found is None and not _is_ours(connection):
                raise CannotSeedError("there are PanDA tables that swf-testbed did not make; give another --database")
            return found
    except SQLAlchemyError:
        if path is None:
            raise
        return None
    finally:
        engine.dispose()


def _is_ours(connection: Connection) -> bool:
    """A PanDA database without a single task may be filled."""
    return connection.exec_driver_sql(_COUNT[connection.dialect.name]).first() is None


_COUNT: Final = {
    "postgresql": "SELECT 1 FROM doma_panda.jedi_tasks LIMIT 1",
    "sqlite": "SELECT 1 FROM jedi_tasks LIMIT 1",
}


def seed(address: URL, order: Order, report: Report) -> Progress:
    """Make the database anew.

    Raises:
        CannotSeedError: somebody has the old database open.
    """
    path = database.sqlite_path(address)
    if path is None:
        return _fill(address, order, report)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    result = _fill(URL.create("sqlite", database=str(part)), order, report)
    _put_in_place(part, path)
    return result


def _fill(address: URL, order: Order, report: Report) -> Progress:
    engine = database.open_engine(address, bulk=True)
    begin = order.now - order.history
    try:
        with _without_garbage_collection(), engine.begin() as connection:
            if database.holds_tables(connection):
                database.drop_tables(connection)
            database.create_tables(connection)
            world = new_world(order.seed, begin, first_tasks=order.first_tasks, circumstances=order.circumstances())
            for progress in _history(world, order, connection):
                report(progress)
            move_old_rows(connection, order.now, order.retention)
            database.create_indexes(connection)
            marks.write_marks(connection, Marks(order.seed, begin, order.now, world.circumstances.name))
            return Progress(1.0, *_sizes(world))
    finally:
        engine.dispose()


def _history(world: World, order: Order, connection: Connection) -> Iterator[Progress]:
    while world.now < order.now:
        write_at = min(order.now, world.now + _WRITTEN_EVERY)
        while world.now < write_at:
            world.advance(min(write_at, world.now + _STEP), unseen_until=write_at)
            yield Progress(1 - (order.now - world.now) / order.history, *_sizes(world))
        write(connection, world.ledger, insert_rows)


def _sizes(world: World) -> tuple[int, int]:
    return world.ids["task"] - FIRST_IDS["task"], world.ids["job"] - FIRST_IDS["job"]


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """The history makes millions of small objects and hardly a cycle; looking for cycles would double the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _put_in_place(part: Path, path: Path) -> None:
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    _release(path)
    part.replace(path)


def _release(path: Path) -> None:
    """Make sure that nobody has the old file open, and that no journal of it stays behind.

    Raises:
        CannotSeedError: somebody has.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=2)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise CannotSeedError(f"{path} is in use ({error}); stop what uses it first") from error
    except sqlite3.DatabaseError:
        path.unlink()
    for journal in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        journal.unlink(missing_ok=True)
