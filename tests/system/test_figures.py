"""The figures that a reader sees through gateway and tunnel agree with SQL on the same database.

The SQL is written from the definitions (jobs are the union of the active and the recent archive; the window is on
``modificationtime``; active means defined to merging), and imports nothing of the monitor.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.system.http_client import ask
from tests.system.running_demo import Demo

COLUMNS = "pandaid, jeditaskid, jobstatus, computingsite, produsername, modificationtime, attemptnr"
JOBS = f"(SELECT {COLUMNS} FROM jobsactive4 UNION ALL SELECT {COLUMNS} FROM jobsarchived4)"
ACTIVE = "'defined','waiting','assigned','activated','sent','starting','running','holding','transferring','merging'"
LIVE_OR_RECENT = (
    """(status IN ('done','failed','aborted','broken','finished') OR creationdate >= datetime(?, '-60 days'))"""
)


@pytest.fixture
def panda(demo: Demo) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{demo.database}?mode=ro", uri=True)) as connection:
        yield connection


def get(demo: Demo, path: str) -> Any:
    """A JSON answer, read through the gateway."""
    reply = ask(demo.gateway + path, headers={"Accept": "application/json"})
    assert reply.status == 200, reply.text
    return reply.json()


def since(days: int) -> str:
    """Start of the window, as the database writes times."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")


def table(path: str, **parameters: Any) -> str:
    """The address of a DataTables request."""
    query = "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items())
    return f"{path}datatable/?draw=1&start=0&length=100&{query}"


# Windows that end well before the first seeded row, so that the minutes between seeding and asking change nothing.
WHOLE = 30


def test_the_database_holds_two_weeks_of_at_least_200_tasks_and_20000_jobs(panda: sqlite3.Connection) -> None:
    tasks, first, last = panda.execute(
        "SELECT count(*), min(creationdate), max(creationdate) FROM jedi_tasks"
    ).fetchone()
    assert tasks >= 200
    assert panda.execute(f"SELECT count(*) FROM {JOBS}").fetchone()[0] >= 20_000
    assert datetime.fromisoformat(last) - datetime.fromisoformat(first) >= timedelta(days=13)


def test_jobs_by_state_agree(demo: Demo, panda: sqlite3.Connection) -> None:
    query = f"SELECT jobstatus, count(*) FROM {JOBS} WHERE modificationtime >= ? GROUP BY 1"
    expected = dict(panda.execute(query, [since(WHOLE)]).fetchall())
    activity = get(demo, f"api/panda/activity/?days={WHOLE}")
    assert activity["jobs"]["by_status"] == expected
    assert activity["jobs"]["total"] == sum(expected.values())


def test_jobs_by_site_and_user_agree(demo: Demo, panda: sqlite3.Connection) -> None:
    activity = get(demo, f"api/panda/activity/?days={WHOLE}")
    for key, column in (("site", "computingsite"), ("user", "produsername")):
        query = f"SELECT {column}, count(*) FROM {JOBS} WHERE modificationtime >= ? GROUP BY 1"
        expected = dict(panda.execute(query, [since(WHOLE)]).fetchall())
        assert {row[key]: row["total"] for row in activity["jobs"][f"by_{key}"]} == expected


def test_tasks_by_state_agree(demo: Demo, panda: sqlite3.Connection) -> None:
    query = f"""SELECT status, count(*) FROM jedi_tasks
        WHERE coalesce(modificationtime, creationdate) >= ? AND {LIVE_OR_RECENT} GROUP BY 1"""
    expected = dict(panda.execute(query, [since(WHOLE), since(0)]).fetchall())
    assert get(demo, f"api/panda/activity/?days={WHOLE}")["tasks"]["by_status"] == expected
    assert get(demo, f"api/panda/tasks/?days={WHOLE}&limit=1")["summary"] == expected


def test_the_job_list_counts_what_its_filters_say(demo: Demo, panda: sqlite3.Connection) -> None:
    site = panda.execute(f"SELECT computingsite FROM {JOBS} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1").fetchone()[0]
    query = f"SELECT count(*) FROM {JOBS} WHERE modificationtime >= ? AND jobstatus = 'failed' AND computingsite = ?"
    expected = panda.execute(query, [since(WHOLE), site]).fetchone()[0]
    answer = get(demo, table("panda/jobs/", days=WHOLE, status="failed", site=site))
    assert expected > 0
    assert (answer["recordsTotal"], answer["recordsFiltered"]) == (expected, expected)
    assert len(answer["data"]) == min(100, expected)


def test_searching_jobs_counts_rows_that_hold_the_text(demo: Demo, panda: sqlite3.Connection) -> None:
    task = panda.execute("SELECT jeditaskid FROM jobsarchived4 GROUP BY 1 ORDER BY count(*) DESC LIMIT 1").fetchone()[0]
    expected = panda.execute(
        f"SELECT count(*) FROM {JOBS} WHERE modificationtime >= ? AND jeditaskid = ?", [since(WHOLE), task]
    ).fetchone()[0]
    answer = get(demo, table("panda/jobs/", days=WHOLE, taskid=task))
    assert answer["recordsTotal"] == expected
    found = get(demo, table("panda/jobs/", days=WHOLE, **{"search[value]": task}))
    assert found["recordsFiltered"] >= expected
    assert found["recordsTotal"] > found["recordsFiltered"]


def test_a_tasks_counts_agree(demo: Demo, panda: sqlite3.Connection) -> None:
    ids = [row[0] for row in panda.execute("SELECT jeditaskid FROM jedi_tasks ORDER BY jeditaskid DESC LIMIT 40")]
    for task in ids[::4]:
        row = panda.execute(
            f"""SELECT coalesce(sum(jobstatus IN ({ACTIVE})), 0), coalesce(sum(jobstatus = 'finished'), 0),
                coalesce(sum(jobstatus = 'failed'), 0), coalesce(sum(jobstatus = 'running'), 0),
                coalesce(sum(attemptnr > 1), 0) FROM {JOBS} WHERE jeditaskid = ?""",
            [task],
        ).fetchone()
        final = panda.execute(
            """SELECT coalesce(sum(nfilesfailed), 0), coalesce(sum(nfilesfinished), 0) FROM jedi_datasets
               WHERE jeditaskid = ? AND masterid IS NULL AND type IN ('input', 'pseudo_input')""",
            [task],
        ).fetchone()
        answer = get(demo, f"api/panda/tasks/{task}/")
        shown = [answer[name] for name in ("nactive", "nfinished", "nfailed", "nrunning", "nretries")]
        assert shown == list(row), task
        assert [answer["nfinalfailed"], answer["nfilesfinished"]] == list(final), task


def test_error_patterns_agree(demo: Demo, panda: sqlite3.Connection) -> None:
    columns = "pandaid, jobstatus, modificationtime, piloterrorcode, piloterrordiag"
    query = f"""SELECT piloterrorcode, count(*) FROM
        (SELECT {columns} FROM jobsactive4 UNION ALL SELECT {columns} FROM jobsarchived4)
        WHERE jobstatus IN ('failed', 'cancelled', 'closed') AND modificationtime >= ? AND piloterrorcode > 0
        GROUP BY piloterrorcode, substr(piloterrordiag, 1, 256) ORDER BY 2 DESC LIMIT 5"""
    expected = [(str(code), f"{count}") for code, count in panda.execute(query, [since(WHOLE)])]
    answer = get(demo, table("panda/errors/", days=WHOLE, error_source="pilot"))
    shown = [(row[1], str(row[3]).replace(",", "")) for row in answer["data"][:5]]
    assert expected
    assert [count for _, count in shown] == [count for _, count in expected]


def test_every_queue_is_listed(demo: Demo, panda: sqlite3.Connection) -> None:
    page = ask(demo.gateway + "panda/epic-queues/", headers={"Accept": "text/html"}).text
    names = [row[0] for row in panda.execute("SELECT panda_queue FROM schedconfig_json")]
    assert names
    assert [name for name in names if f"/prod/panda/epic-queues/{quote(name)}/" not in page] == []


def test_a_job_that_does_not_exist_says_so(demo: Demo) -> None:
    page = ask(demo.gateway + "panda/jobs/999999999999/", headers={"Accept": "text/html"})
    assert page.status == 200
    assert "999999999999" in page.text
    assert "alert" in page.text
