"""The page of one task shows what PanDA has about it, escaped, with counts that open their jobs (contract 4.8)."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime
from html import unescape

import pytest

from tests.monitor.conftest import Site
from tests.monitor.definitions import JOBS, TASK_COUNTS


def busiest_task(sql: sqlite3.Connection) -> int:
    query = f"SELECT jeditaskid FROM {JOBS} WHERE jeditaskid IS NOT NULL GROUP BY 1 ORDER BY COUNT(*) DESC LIMIT 1"
    return int(sql.execute(query).fetchone()[0])


def facts(page: str) -> dict[str, str]:
    """The label and value pairs of the page, without markup."""
    pairs = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", page, re.DOTALL)
    return {unescape(label): unescape(re.sub(r"<[^>]+>", "", value)).strip() for label, value in pairs}


def test_counts_agree_with_sql(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    task = busiest_task(sql)
    counts = sql.execute(TASK_COUNTS, {"task": task}).fetchone()
    shown = facts(site.html(f"/panda/tasks/{task}/"))
    assert shown["Active Jobs"] == str(counts["nactive"])
    assert shown["Finished Jobs"] == str(counts["nfinished"])
    assert shown["Failed Jobs"] == str(counts["nfailed"])
    assert shown["Running Jobs"] == str(counts["nrunning"])
    assert shown["Retries"] == str(counts["nretries"])
    assert shown["Final Failed Files"] == str(counts["nfinalfailed"])


def test_each_linked_count_opens_exactly_that_many_jobs(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    page = site.html(f"/panda/tasks/{busiest_task(sql)}/")
    links = re.findall(r'<a[^>]*href="(/swf-monitor/panda/jobs/\?[^"]+)">(?:[a-z]+:)?(\d+)</a>', page)
    assert len(links) > 5
    for url, number in links:
        rows = site.json(unescape(url).replace("/?", "/datatable/?") + "&length=0")
        assert rows["recordsFiltered"] == int(number), url


def test_the_jobs_of_the_task_are_listed_newest_first(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    task = busiest_task(sql)
    listed = [int(found) for found in re.findall(r'panda/jobs/(\d+)/">', site.html(f"/panda/tasks/{task}/"))]
    wanted = sql.execute(f"SELECT pandaid FROM {JOBS} WHERE jeditaskid = ? ORDER BY pandaid DESC", (task,))
    assert listed == [row[0] for row in wanted]


def test_datasets_are_listed_in_full(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    task = sql.execute("SELECT jeditaskid FROM jedi_datasets GROUP BY 1 ORDER BY COUNT(*) DESC LIMIT 1").fetchone()[0]
    page = unescape(site.html(f"/panda/tasks/{task}/"))
    for (name,) in sql.execute("SELECT datasetname FROM jedi_datasets WHERE jeditaskid = ?", (task,)):
        assert name in page


def test_every_column_of_the_record_is_on_the_page(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    record = sql.execute("SELECT * FROM jedi_tasks LIMIT 1").fetchone()
    shown = facts(site.html(f"/panda/tasks/{record['jeditaskid']}/"))
    assert set(record.keys()) <= set(shown)
    assert shown["splitrule"] == record["splitrule"]


@pytest.mark.parametrize("column", ["taskname", "errordialog", "username"])
def test_stored_markup_is_shown_as_typed(site: Site, sql: sqlite3.Connection, panda: datetime, column: str) -> None:
    task, value = sql.execute(
        f"SELECT jeditaskid, {column} FROM jedi_tasks WHERE {column} LIKE '%<%' LIMIT 1"
    ).fetchone()
    page = site.html(f"/panda/tasks/{task}/")
    assert value not in page
    assert value in unescape(page)


@pytest.mark.parametrize("task", ["1", "99999999999999999999999"])
def test_an_unknown_task_is_a_page_with_an_alert(site: Site, panda: datetime, task: str) -> None:
    page = site.html(f"/panda/tasks/{task}/")
    assert f"<title>PanDA Task {task} - SWF Monitor</title>" in page
    assert 'role="alert"' in page
    assert f"Task {task} not found" in page


def test_the_laboratorys_own_monitor_is_linked(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    task = busiest_task(sql)
    assert f'href="https://pandamon01.sdcc.bnl.gov/task/{task}/"' in site.html(f"/panda/tasks/{task}/")
