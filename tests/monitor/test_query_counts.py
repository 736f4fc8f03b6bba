"""The number of SQL statements of a page does not grow with the rows, and each page reads in one snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from swf_monitor.panda import database, windows
from tests.monitor.conftest import Site
from tests.monitor.panda_rows import NOW, build

pytestmark = pytest.mark.slow

URLS = [
    "/prod/",
    "/panda/activity/?days=30",
    "/panda/tasks/datatable/?days=60&length=1000",
    "/panda/tasks/datatable/?days=60&length=1000&order[0][column]=11&order[0][dir]=desc",
    "/panda/tasks/filter-counts/?days=60",
    "/panda/tasks/30003/",
    "/panda/epic-queues/",
    "/panda/epic-queues/?format=json",
    "/panda/tasks/?days=60&format=csv",
    "/panda/jobs/?days=60&format=csv&sort=endtime",
    "/panda/errors/?days=60&format=json",
    "/panda/diagnostics/?days=60&format=csv",
    "/panda/epic-queues/JLAB_OSG_epic/",
    "/panda/system/status.json",
    "/api/panda/tasks/?days=60&limit=200",
    "/api/panda/tasks/30003/",
    "/api/panda/activity/?days=30",
    "/api/panda/errors/?days=60&limit=200",
    "/api/panda/jobs/diagnose/?days=60",
    "/api/panda/queues/?hours=720",
    "/api/panda/queues/JLAB_OSG_epic/",
]


class Counter:
    """Statements and transactions of one engine."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def clear(self) -> None:
        self.statements.clear()

    @property
    def begun(self) -> int:
        return sum(statement.startswith("BEGIN") for statement in self.statements)


def counting(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    engine = database.read_only_engine(database.sqlite_url(path, read_only=True))
    counter = Counter()
    event.listen(engine, "before_cursor_execute", lambda *arguments: counter.statements.append(arguments[2]))
    monkeypatch.setattr(database, "panda_engine", lambda: engine)
    monkeypatch.setattr(windows, "utc_now", lambda: NOW)
    yield counter
    engine.dispose()


@pytest.fixture
def many(panda_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    yield from counting(panda_file, monkeypatch)


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "panda.sqlite3"
    build(path, tasks=5, jobs=40)
    return path


@pytest.mark.django_db
@pytest.mark.parametrize("url", URLS)
def test_rows_do_not_cost_statements(
    site: Site, many: Counter, small_file: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    site.get(url)
    with_many, begun = len(many.statements), many.begun
    few = next(counting(small_file, monkeypatch))
    site.get(url)
    assert len(few.statements) == with_many
    assert begun == few.begun == 1


def test_figures_of_a_page_are_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "moving.sqlite3"
    build(path, tasks=5, jobs=40)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    engine = database.read_only_engine(database.sqlite_url(path, read_only=True))
    monkeypatch.setattr(database, "panda_engine", lambda: engine)
    count = "SELECT (SELECT COUNT(*) FROM jobsactive4) + (SELECT COUNT(*) FROM jobsarchived4)"
    with database.snapshot() as reader:
        before = reader.exec_driver_sql(count).scalar_one()
        writer.execute("DELETE FROM jobsactive4")
        assert reader.exec_driver_sql(count).scalar_one() == before
    with database.snapshot() as reader:
        assert reader.exec_driver_sql(count).scalar_one() < before
    writer.close()


def test_the_monitor_cannot_write(many: Counter) -> None:
    with database.snapshot() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM jobsactive4")
