"""``api/panda/jobs/<id>/`` tells what the job page shows, from whatever table PanDA keeps the job in."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from html import unescape

import pytest

from tests.monitor.conftest import Site

pytestmark = pytest.mark.django_db

JOB = "/api/panda/jobs/"
TABLES = ("jobsactive4", "jobsarchived4", "jobsdefined4", "jobsarchived")


@pytest.mark.parametrize("table", TABLES)
def test_a_job_is_found_in_every_table(site: Site, sql: sqlite3.Connection, panda: datetime, table: str) -> None:
    stored = sql.execute(f"SELECT * FROM {table} ORDER BY pandaid LIMIT 1").fetchone()
    told = site.json(f"{JOB}{stored['pandaid']}/")
    assert (told["pandaid"], told["table"]) == (stored["pandaid"], table)
    assert set(told["job_record"]) == set(stored.keys())
    assert told["job_record"]["jobname"] == stored["jobname"]
    assert set(told["job"]) - {"errors"} == {
        name for name, value in told["job_record"].items() if value not in (None, "")
    }


def test_files_history_and_workers_are_those_of_the_database(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    pandaid = sql.execute("SELECT pandaid FROM harvester_rel_jobs_workers LIMIT 1").fetchone()[0]
    told = site.json(f"{JOB}{pandaid}/")
    files = sql.execute("SELECT lfn, fsize, status FROM filestable4 WHERE pandaid = ?", (pandaid,)).fetchall()
    assert {(one["lfn"], one["fsize"], one["status"]) for one in told["files"]} == set(map(tuple, files))
    states = sql.execute(
        "SELECT jobstatus FROM jobs_statuslog WHERE pandaid = ? ORDER BY modificationtime", (pandaid,)
    ).fetchall()
    assert [one["jobstatus"] for one in told["history"]] == [row[0] for row in states]
    workers = sql.execute("SELECT workerid FROM harvester_rel_jobs_workers WHERE pandaid = ?", (pandaid,)).fetchall()
    assert sorted(one["workerid"] for one in told["harvester"]) == sorted(row[0] for row in workers)


def test_its_errors_and_logs_are_those_of_its_page(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    pandaid = sql.execute(
        "SELECT pandaid FROM jobsarchived4 WHERE jobstatus = 'failed' AND piloterrorcode > 0 AND pilotid IS NOT NULL"
    ).fetchone()[0]
    told = site.json(f"{JOB}{pandaid}/")
    page = unescape(site.html(f"/panda/jobs/{pandaid}/"))
    assert "pilot" in {one["component"] for one in told["job"]["errors"]}
    assert all(one["meaning"] in page for one in told["job"]["errors"])
    assert all(str(one["code"]) in page and one["diag"] in page for one in told["job"]["errors"])
    assert told["log_urls"]
    assert all(f'href="{url}"' in page for url in told["log_urls"].values())
    assert told["monitor_url"] == f"/swf-monitor/panda/jobs/{pandaid}/"


def test_its_attempts_and_its_task_come_with_it(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    old, new, task = sql.execute(
        """SELECT oldpandaid, newpandaid, jeditaskid FROM jedi_job_retry_history
           WHERE jeditaskid IN (SELECT jeditaskid FROM jedi_tasks) LIMIT 1"""
    ).fetchone()
    told = site.json(f"{JOB}{new}/")
    assert {old, new} <= {one["pandaid"] for one in told["attempts"]}
    assert told["task"]["jeditaskid"] == task


@pytest.mark.parametrize("pandaid", ["1", "99999999999999999999999"])
def test_an_unknown_job_is_404_json(site: Site, panda: datetime, pandaid: str) -> None:
    answer = site.get(f"{JOB}{pandaid}/")
    assert (answer.status_code, answer.json()) == (404, {"error": f"Job {pandaid} not found"})
