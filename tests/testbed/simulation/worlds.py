"""Small simulated databases for the tests, and their tables read by plain SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from swf_testbed.simulation import seeding
from swf_testbed.simulation.storage import database
from tests.testbed.simulation.panda_rules import Row, Tables

NOW = datetime.fromisoformat("2026-11-24 12:00")
CHECKED = (
    "jobsdefined4",
    "jobsactive4",
    "jobsarchived4",
    "filestable4",
    "jobs_statuslog",
    "tasks_statuslog",
    "jedi_tasks",
    "jedi_datasets",
    "jedi_dataset_contents",
    "jedi_job_retry_history",
    "harvester_workers",
)


def url(path: Path) -> str:
    """Address of an SQLite file."""
    return f"sqlite:///{path}"


def make(path: Path, number: int = 1, now: datetime = NOW, hours: float = 9, **more: Any) -> Path:
    """Seed a database with a short history."""
    order = seeding.Order(number, now, timedelta(hours=hours), first_tasks=4, **more)
    seeding.seed(database.parsed(url(path)), order, lambda _: None)
    return path


def rows(path: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Answer of a query."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, values).fetchall()


def number(path: Path, query: str, *values: object) -> Any:
    """Answer of a query for one figure."""
    return rows(path, query, *values)[0][0]


def tables(path: Path) -> Tables:
    """The tables that PanDA's rules speak of, times as times."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return Tables.of(
            {name: [_typed(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in CHECKED}
        )


def _typed(row: sqlite3.Row) -> Row:
    values: Row = dict(row)
    for column, value in values.items():
        if isinstance(value, str) and column.rstrip("_").endswith(("time", "date", "extended", "tstamp", "lastupdate")):
            values[column] = datetime.fromisoformat(value)
    return values


def dump(path: Path) -> str:
    """The whole database as text."""
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())
