"""The payload log of a job: there, still to come, or not to be had (contract 4.7)."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import pytest

from tests.monitor.conftest import Site

UNLOGGED = "pandaid NOT IN (SELECT pandaid FROM jobsdebug)"


def test_a_kept_log_is_plain_text_under_its_name(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    pandaid, stdout = sql.execute("SELECT pandaid, stdout FROM jobsdebug").fetchone()
    answer = site.get(f"/panda/jobs/{pandaid}/payload-log/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == f"===== payload.stdout =====\n{stdout}"


@pytest.mark.parametrize(("table", "status"), [("jobsactive4", "running"), ("jobsdefined4", "assigned")])
def test_a_job_that_goes_on_gives_a_page_that_waits(
    site: Site, sql: sqlite3.Connection, panda: datetime, table: str, status: str
) -> None:
    query = f"SELECT pandaid FROM {table} WHERE jobstatus = ? AND {UNLOGGED}"
    pandaid = sql.execute(query, (status,)).fetchone()[0]
    answer = site.get(f"/panda/jobs/{pandaid}/payload-log/")
    markup = answer.content.decode()
    assert answer.status_code == 202
    assert f"const PANDAID = {pandaid};" in markup
    assert "const STREAM = '/swf-monitor/api/messages/stream/?msg_types=payload_log_ready';" in markup
    assert "const SELF = window.location.href;" in markup
    assert "nav-auth" not in markup


def test_an_ended_job_without_a_log_is_not_found(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    pandaid = sql.execute(f"SELECT pandaid FROM jobsarchived4 WHERE jobstatus = 'failed' AND {UNLOGGED}").fetchone()[0]
    answer = site.get(f"/panda/jobs/{pandaid}/payload-log/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/plain")
    assert str(pandaid) in answer.content.decode()


@pytest.mark.parametrize("pandaid", [1, 10**25])
def test_an_unknown_job_is_not_found(site: Site, panda: datetime, pandaid: int) -> None:
    assert site.get(f"/panda/jobs/{pandaid}/payload-log/").status_code == 404


def test_an_unreadable_database_is_a_bad_gateway(site: Site) -> None:
    answer = site.get("/panda/jobs/160000/payload-log/")
    assert answer.status_code == 502
    assert answer["Content-Type"].startswith("text/plain")
