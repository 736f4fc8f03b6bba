"""The simulated PanDA on PostgreSQL: the same rows as on SQLite, read back and moved on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import URL, Connection, Engine, select

from swf_monitor.panda.queries.errors import error_summary
from swf_monitor.panda.queries.queues import last_ends, load_of_queues, present_load
from swf_monitor.panda.queries.selection import JobSelection
from swf_monitor.panda.schema import metadata, table
from swf_monitor.panda.states import FAULTY_JOB_STATES
from swf_monitor.panda.windows import Window
from swf_testbed.simulation import seeding
from swf_testbed.simulation.running import Live
from swf_testbed.simulation.storage import database, marks
from swf_testbed.simulation.storage.reader import read_world
from tests.system.postgresql import Server
from tests.testbed.simulation.panda_rules import Tables, violations
from tests.testbed.simulation.worlds import CHECKED

NOW = datetime.fromisoformat("2026-11-24 12:00")
ORDER = seeding.Order(6, NOW, timedelta(hours=8), first_tasks=6)


@pytest.fixture(scope="module")
def address(postgresql: Server) -> URL:
    """A PostgreSQL database with a short history."""
    url = database.parsed(postgresql.url("panda"))
    seeding.seed(url, ORDER, lambda _: None)
    return url


@pytest.fixture(scope="module")
def engine(address: URL) -> Iterator[Engine]:
    """The door to it."""
    made = database.open_engine(address)
    yield made
    made.dispose()


def contents(connection: Connection, name: str) -> list[tuple[Any, ...]]:
    """Every row of a table, in an order of its own; PostgreSQL pads texts of fixed length."""
    rows = connection.execute(select(metadata.tables[name]))
    return sorted((tuple(v.rstrip() if isinstance(v, str) else v for v in row) for row in rows), key=repr)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The same history on SQLite."""
    url = database.parsed(f"sqlite:///{tmp_path_factory.mktemp('embedded') / 'panda.sqlite3'}")
    seeding.seed(url, ORDER, lambda _: None)
    made = database.open_engine(url)
    yield made
    made.dispose()


def test_both_databases_hold_the_same_rows(engine: Engine, embedded: Engine) -> None:
    with engine.connect() as one, embedded.connect() as two:
        unequal = [name for name in metadata.tables if contents(one, name) != contents(two, name)]
    assert unequal == []


def figures(engine: Engine) -> list[Any]:
    """What the error and queue pages and their REST forms tell."""
    selection = JobSelection(Window(1, NOW - timedelta(days=1)), statuses=FAULTY_JOB_STATES)
    with engine.connect() as connection:
        summary = error_summary(connection, selection, most=5)
        load = load_of_queues(connection, NOW, window=timedelta(hours=3))
        return [summary.total, summary.patterns, load, present_load(connection), last_ends(connection, NOW)]


def test_both_databases_give_the_same_figures_of_errors_and_queues(engine: Engine, embedded: Engine) -> None:
    found = figures(engine)
    assert all(found)
    assert found == figures(embedded)


def test_whole_data_is_known_and_kept(address: URL) -> None:
    found = seeding.existing(address)
    assert found is not None
    assert (found.seed, found.simulated_until) == (6, NOW)


def test_the_simulation_goes_on_from_the_tables(engine: Engine) -> None:
    until = NOW
    for hours in (1, 5):
        until += timedelta(hours=hours)
        with engine.begin() as connection:
            notes = marks.read_marks(connection)
            assert notes is not None
            live = Live(engine, read_world(connection, notes), notes)
        live.step(until)
    with engine.connect() as connection:
        rows = {name: [dict(row) for row in connection.execute(select(table(name))).mappings()] for name in CHECKED}
    assert violations(Tables.of(rows), until) == []
    assert len(rows["jobsarchived4"]) > 100
