"""What the reader of changes finds between two looks at a real database file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, delete, insert, update

from swf_monitor.panda.schema import SQLITE_SCHEMAS, metadata, table
from swf_monitor.panda.stream.changes import ChangeReader
from swf_monitor.panda.stream.events import Event

NOW = datetime(2026, 11, 20, 12, 0, 0)  # noqa: DTZ001 - PanDA times are UTC without zone


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and no rows; making the tables takes longer than a test."""
    path = tmp_path_factory.mktemp("panda") / "empty.sqlite3"
    engine = create_engine(f"sqlite:///{path}").execution_options(schema_translate_map=SQLITE_SCHEMAS)
    metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture
def panda(empty_file: Path, tmp_path: Path) -> Iterator[Connection]:
    copy = shutil.copy(empty_file, tmp_path / "panda.sqlite3")
    engine = create_engine(f"sqlite:///{copy}").execution_options(schema_translate_map=SQLITE_SCHEMAS)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def reader() -> ChangeReader:
    return ChangeReader(clock=lambda: NOW)


def put_job(panda: Connection, pandaid: int, status: str, at: datetime, home: str = "jobsactive4") -> None:
    """Write a job as PanDA does: it lives in one table only."""
    for name in ("jobsdefined4", "jobsactive4", "jobsarchived4"):
        panda.execute(delete(table(name)).where(table(name).c.pandaid == pandaid))
    row = {"pandaid": pandaid, "jobstatus": status, "statechangetime": at, "modificationtime": at}
    row |= {"jeditaskid": 900, "computingsite": "SITE_A", "produsername": "Zoë Grün", "jobdefinitionid": 0}
    row |= {"creationtime": at, "starttime": at, "endtime": at}
    panda.execute(insert(table(home)).values(row))


def put_task(panda: Connection, number: int, status: str, **times: datetime) -> None:
    tasks = table("jedi_tasks")
    if panda.execute(update(tasks).where(tasks.c.jeditaskid == number).values(status=status, **times)).rowcount:
        return
    obligatory = [column.name for column in tasks.c if not column.nullable and column.server_default is None]
    row: dict[str, Any] = dict.fromkeys(obligatory, "x") | {"creationdate": NOW}
    row |= {"jeditaskid": number, "taskname": f"task.{number}", "status": status, "username": "bsmith", **times}
    panda.execute(insert(tasks).values(row))


def told(events: list[Event]) -> list[tuple[Any, ...]]:
    return [
        (event.msg_type, event.payload.get("pandaid", event.payload.get("jedi_task_id")), event.payload.get("status"))
        for event in events
    ]


def test_the_first_look_tells_nothing(panda: Connection) -> None:
    put_job(panda, 1, "running", NOW)
    assert reader().read(panda) == []


def test_a_changed_job_is_told_once_with_both_states(panda: Connection) -> None:
    changes = reader()
    put_job(panda, 1, "sent", NOW)
    changes.read(panda)
    put_job(panda, 1, "running", NOW + timedelta(seconds=1))
    (event,) = changes.read(panda)
    expected = {
        "pandaid": 1,
        "jeditaskid": 900,
        "status": "running",
        "oldstatus": "sent",
        "computingsite": "SITE_A",
        "username": "Zoë Grün",
        "statechangetime": "2026-11-20T12:00:01",
    }
    assert event.msg_type == "job_state"
    assert {name: event.payload[name] for name in expected} == expected
    assert changes.read(panda) == []


def test_the_old_state_is_null_when_it_was_never_seen(panda: Connection) -> None:
    changes = reader()
    put_job(panda, 1, "sent", NOW - timedelta(days=1))
    put_job(panda, 2, "sent", NOW)
    changes.read(panda)
    put_job(panda, 1, "running", NOW + timedelta(seconds=1))
    (event,) = changes.read(panda)
    assert event.payload["oldstatus"] is None


def test_a_job_is_followed_from_table_to_table(panda: Connection) -> None:
    changes = reader()
    changes.read(panda)
    steps = [("defined", "jobsdefined4"), ("activated", "jobsactive4"), ("finished", "jobsarchived4")]
    found = []
    for second, (status, home) in enumerate(steps):
        put_job(panda, 5, status, NOW + timedelta(seconds=second), home)
        found += told(changes.read(panda))
    assert found == [("job_state", 5, "defined"), ("job_state", 5, "activated"), ("job_state", 5, "finished")]


def test_a_move_without_a_change_of_state_is_not_told(panda: Connection) -> None:
    changes = reader()
    put_job(panda, 5, "failed", NOW)
    changes.read(panda)
    put_job(panda, 5, "failed", NOW + timedelta(seconds=2), "jobsarchived4")
    assert changes.read(panda) == []


def test_a_late_commit_with_an_earlier_time_is_still_told(panda: Connection) -> None:
    changes = reader()
    put_job(panda, 1, "running", NOW)
    changes.read(panda)
    put_job(panda, 2, "running", NOW + timedelta(seconds=10))
    changes.read(panda)
    put_job(panda, 3, "running", NOW + timedelta(seconds=4))
    assert told(changes.read(panda)) == [("job_state", 3, "running")]


def test_jobs_come_in_the_order_of_their_changes(panda: Connection) -> None:
    changes = reader()
    changes.read(panda)
    put_job(panda, 9, "finished", NOW + timedelta(seconds=1), "jobsarchived4")
    put_job(panda, 4, "running", NOW + timedelta(seconds=2))
    put_job(panda, 7, "defined", NOW, "jobsdefined4")
    assert [number for _, number, _ in told(changes.read(panda))] == [7, 9, 4]


def test_a_date_in_the_far_future_does_not_blind_the_reader(panda: Connection) -> None:
    changes = reader()
    put_job(panda, 1, "running", NOW + timedelta(days=365_000))
    put_job(panda, 2, "running", NOW)
    changes.read(panda)
    put_job(panda, 2, "holding", NOW + timedelta(seconds=1))
    assert told(changes.read(panda)) == [("job_state", 2, "holding")]


@pytest.mark.parametrize("column", ["statechangetime", "modificationtime", "realmodificationtime"])
def test_a_changed_task_is_found_by_any_of_its_times(panda: Connection, column: str) -> None:
    changes = reader()
    put_task(panda, 30, "running", modificationtime=NOW)
    changes.read(panda)
    put_task(panda, 30, "done", **{column: NOW + timedelta(seconds=1)})
    (event,) = changes.read(panda)
    expected = {"jedi_task_id": 30, "task_name": "task.30", "status": "done", "oldstatus": "running"}
    assert event.msg_type == "task_state"
    assert {name: event.payload[name] for name in expected} == expected


def test_a_new_log_is_announced(panda: Connection) -> None:
    changes = reader()
    debug = table("jobsdebug")
    panda.execute(insert(debug).values(pandaid=3, stdout="old"))
    put_job(panda, 4, "running", NOW)
    changes.read(panda)
    panda.execute(insert(debug).values(pandaid=4, stdout="new"))
    (event,) = changes.read(panda)
    assert (event.msg_type, event.payload["pandaid"], event.payload["jeditaskid"]) == ("payload_log_ready", 4, 900)
