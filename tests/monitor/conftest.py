"""Fixtures of all monitor tests: a seeded PanDA database, its clock, and a plain SQLite door to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tests.monitor.panda_rows import NOW, build

from swf_monitor.panda import database, windows


@pytest.fixture(scope="session")
def panda_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database file, written once; tests only read it."""
    path = tmp_path_factory.mktemp("panda") / "panda.sqlite3"
    build(path)
    return path


@pytest.fixture
def panda(panda_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[datetime]:
    """The monitor reads the seeded database and takes its moment for now; gives that moment."""
    engine = database.read_only_engine(database.sqlite_url(panda_file, read_only=True))
    monkeypatch.setattr(database, "panda_engine", lambda: engine)
    monkeypatch.setattr(windows, "utc_now", lambda: NOW)
    yield NOW
    engine.dispose()


@pytest.fixture
def sql(panda_file: Path) -> Iterator[sqlite3.Connection]:
    """The same database without any of the monitor's code: figures are checked against it."""
    connection = sqlite3.connect(f"file:{panda_file}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()
