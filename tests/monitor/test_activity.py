"""Activity, as REST and as page, agrees with SQL written from the contract (4.4, 5.3)."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest

from tests.monitor.conftest import Site
from tests.monitor.definitions import IN_TASK_WINDOW, JOBS, job_window, task_window

pytestmark = pytest.mark.django_db

REST = "/api/panda/activity/"


def groups(rows: list[dict[str, Any]], key: str) -> dict[str, dict[str, int]]:
    return {row[key]: {name: n for name, n in row.items() if name not in (key, "total")} for row in rows}


def expected_groups(rows: sqlite3.Cursor) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, status, number in rows:
        found.setdefault(name or "", Counter())[status] += number
    return {name: dict(counts) for name, counts in found.items()}


@pytest.mark.parametrize("days", [1, 7, 30])
def test_jobs_by_state_user_and_site(site: Site, sql: sqlite3.Connection, panda: datetime, days: int) -> None:
    jobs = site.json(f"{REST}?days={days}")["jobs"]
    since = {"since": job_window(panda, days)}
    window = f"FROM {JOBS} WHERE modificationtime >= :since"
    assert jobs["total"] == sql.execute(f"SELECT COUNT(*) {window}", since).fetchone()[0] > 0
    assert jobs["by_status"] == dict(sql.execute(f"SELECT jobstatus, COUNT(*) {window} GROUP BY 1", since).fetchall())
    for key, column in (("user", "produsername"), ("site", "computingsite")):
        rows = sql.execute(f"SELECT {column}, jobstatus, COUNT(*) {window} GROUP BY 1, 2", since)
        assert groups(jobs[f"by_{key}"], key) == expected_groups(rows)


def test_tasks_by_state_and_user(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    tasks = site.json(f"{REST}?days=30")["tasks"]
    window = f"FROM jedi_tasks WHERE {IN_TASK_WINDOW}"
    since = task_window(panda, 30)
    assert tasks["total"] == sql.execute(f"SELECT COUNT(*) {window}", since).fetchone()[0] > 0
    assert tasks["by_status"] == dict(sql.execute(f"SELECT status, COUNT(*) {window} GROUP BY 1", since).fetchall())
    rows = sql.execute(f"SELECT username, status, COUNT(*) {window} GROUP BY 1, 2", since)
    assert groups(tasks["by_user"], "user") == expected_groups(rows)


def test_types_put_client_versions_together(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    types = {row["type"]: row for row in site.json(f"{REST}?days=60")["tasks"]["by_type"]}
    wanted = sql.execute(
        f"SELECT COUNT(*) FROM jedi_tasks WHERE {IN_TASK_WINDOW} AND processingtype LIKE 'panda-client-%-jedi-run'",
        task_window(panda, 60),
    ).fetchone()[0]
    assert types["panda-client-jedi-run"] == {
        "type": "panda-client-jedi-run",
        "count": wanted,
        "is_test": False,
        "filter_value": "panda-client-%-jedi-run",
    }
    assert types["epic-test"]["is_test"] is True
    assert types["None"]["filter_value"] == "__blank__"


def test_every_group_adds_up_to_the_total(site: Site, panda: datetime) -> None:
    body = site.json(f"{REST}?days=7")
    for part, lists in (("jobs", ("by_user", "by_site")), ("tasks", ("by_user",))):
        assert sum(body[part]["by_status"].values()) == body[part]["total"]
        for name in lists:
            assert sum(row["total"] for row in body[part][name]) == body[part]["total"]
            totals = [row["total"] for row in body[part][name]]
            assert totals == sorted(totals, reverse=True)


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("username=bsmith", "produsername = 'bsmith'"),
        ("username=%25o%25", "produsername LIKE '%o%'"),
        ("site=NERSC%25", "computingsite LIKE 'NERSC%'"),
        ("workinggroup=EIC", "workinggroup = 'EIC'"),
    ],
)
def test_filters(site: Site, sql: sqlite3.Connection, panda: datetime, query: str, condition: str) -> None:
    body = site.json(f"{REST}?days=7&{query}")
    wanted = sql.execute(
        f"SELECT COUNT(*) FROM {JOBS} WHERE modificationtime >= ? AND {condition}", (job_window(panda, 7),)
    ).fetchone()[0]
    assert body["jobs"]["total"] == wanted


def test_the_filters_come_back_and_a_day_is_the_default(site: Site, panda: datetime) -> None:
    assert site.json(f"{REST}?site=x")["filters"] == {"days": 1, "username": None, "site": "x", "workinggroup": None}


def test_the_chip_says_how_fresh_the_page_would_be(site: Site, panda: datetime) -> None:
    assert site.json("/panda/activity/?days=7&chip=1") == {"built_at": "2026-11-20T12:00:00+00:00", "refreshing": False}


@pytest.mark.parametrize(
    ("asked", "used"), [("0", "last 1 day."), ("-4", "last 1 day."), ("9999", "last 365 days."), ("x", "last 7 days.")]
)
def test_the_pages_window_is_kept_between_a_day_and_a_year(site: Site, panda: datetime, asked: str, used: str) -> None:
    assert used in site.html(f"/panda/activity/?days={asked}")


def count_links(page: str) -> list[tuple[str, int]]:
    """Addresses of lists with the number that stands in the link: ``1,234``, ``1,234 jobs`` or ``failed:12``."""
    links = re.findall(r'<a[^>]*href="(/swf-monitor/panda/(?:jobs|tasks)/\?[^"]+)"[^>]*>(.*?)</a>', page)
    found = []
    for url, words in links:
        match = re.fullmatch(r"(?:.*:\s*)?([\d,]+)(?: jobs| tasks)?", re.sub(r"<[^>]+>", "", words))
        if match:
            found.append((unescape(url), int(match[1].replace(",", ""))))
    return found


def test_every_count_on_the_page_opens_exactly_that_many_rows(site: Site, panda: datetime) -> None:
    links = count_links(site.html("/panda/activity/?days=1"))
    assert len(links) > 100
    for url, number in links:
        rows = site.json(url.replace("/?", "/datatable/?") + "&length=0")
        assert rows["recordsFiltered"] == number, url


def test_every_count_on_the_hub_opens_exactly_that_many_rows(site: Site, panda: datetime) -> None:
    page = site.html("/prod/")
    tiles = re.findall(r'<a class="tile" href="([^"]+)"><strong>([\d,]+)</strong>', page)
    links = [(unescape(url), int(number.replace(",", ""))) for url, number in tiles] + count_links(page)
    assert len(tiles) == 5
    for url, number in links:
        rows = site.json(url.replace("/?", "/datatable/?") + "&length=0")
        assert rows["recordsFiltered"] == number, url


def test_jobs_of_an_hour_ago_are_in_a_window_of_a_day_and_those_of_two_days_are_not(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    newer, older = job_window(panda, 1), job_window(panda - timedelta(days=1), 1)
    between = sql.execute(
        f"SELECT COUNT(*) FROM {JOBS} WHERE modificationtime < ? AND modificationtime >= ?", (newer, older)
    )
    one, two = (site.json(f"{REST}?days={days}")["jobs"]["total"] for days in (1, 2))
    assert two - one == between.fetchone()[0] > 0
