"""The figures of the "Completed jobs" plot (contract 4.5): jobs by the time they ended, and links to exactly them."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.monitor.conftest import Site
from tests.monitor.jobs.job_sql import JOBS, links, stored

OUTCOMES = ["finished", "failed", "cancelled", "closed"]


def page(site: Site, /, **query: Any) -> str:
    return site.html(f"/panda/jobs/?{urlencode(query)}")


def data(markup: str) -> dict[str, Any]:
    block = re.search(r'<script id="job-outcomes-data" type="application/json">(.*?)</script>', markup, re.DOTALL)
    assert block is not None
    found: dict[str, Any] = json.loads(block[1])
    return found


def ended(
    sql: sqlite3.Connection, after: datetime, before: datetime, status: str, condition: str = "1"
) -> list[datetime]:
    query = f"SELECT endtime FROM {JOBS} WHERE endtime > ? AND endtime <= ? AND jobstatus = ? AND {condition}"
    return [datetime.fromisoformat(row[0]) for row in sql.execute(query, (stored(after), stored(before), status))]


def bin_counts(bins: list[str], step: timedelta, moments: list[datetime]) -> list[int]:
    starts = [datetime.fromisoformat(text) for text in bins]
    return [sum(start <= moment < start + step for moment in moments) for start in starts]


@pytest.mark.parametrize(
    ("days", "bucket", "step"),
    [(1, "hour", timedelta(hours=1)), (3, "hour", timedelta(hours=1)), (7, "day", timedelta(days=1)),
     (30, "day", timedelta(days=1))],
)  # fmt: skip
def test_each_bin_holds_the_jobs_that_ended_in_it(
    site: Site, sql: sqlite3.Connection, panda: datetime, days: int, bucket: str, step: timedelta
) -> None:
    found = data(page(site, days=days))
    assert found["bucket"] == bucket
    assert [series["status"] for series in found["series"]] == OUTCOMES
    for series in found["series"]:
        moments = ended(sql, panda - timedelta(days=days), panda, series["status"])
        assert series["values"] == bin_counts(found["bins"], step, moments)
        assert series["total"] == len(moments) == sum(series["values"])
        assert series["cumulative"] == [sum(series["values"][: index + 1]) for index in range(len(found["bins"]))]


def test_bins_follow_one_another_from_the_windows_first_hour_to_its_last(site: Site, panda: datetime) -> None:
    bins = [datetime.fromisoformat(text) for text in data(page(site, days=3))["bins"]]
    assert bins[0] == (panda - timedelta(days=3)).replace(minute=0, second=0)
    assert bins[-1] == panda.replace(minute=0, second=0)
    assert {later - earlier for earlier, later in pairwise(bins)} == {timedelta(hours=1)}


def test_the_window_is_described(site: Site, panda: datetime) -> None:
    window = data(page(site, days=7))["window"]
    assert window == {
        "start": (panda - timedelta(days=7)).isoformat(),
        "end": panda.isoformat(),
        "days": 7,
        "timezone": "UTC",
    }


def test_site_user_and_task_filters_apply_and_the_status_filter_does_not(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    found = data(page(site, days=14, site="JLAB_OSG_epic", username="bsmith", status="failed"))
    assert found["site"] == "JLAB_OSG_epic"
    condition = "computingsite = 'JLAB_OSG_epic' AND produsername = 'bsmith'"
    for series in found["series"]:
        after = panda - timedelta(days=14)
        assert series["total"] == len(ended(sql, after, panda, series["status"], condition))


def test_every_count_of_the_plots_table_opens_exactly_its_jobs(site: Site, panda: datetime) -> None:
    markup = page(site, days=3, site="BNL_OSG_PanDA_1")
    cells = re.findall(r'<td class="num">(<a href="[^"]*">[\d,]+</a>)</td>', markup)
    assert len(cells) > 20
    for cell in cells:
        number = int(re.sub(r"<[^>]+>|,", "", cell))
        query = links(cell)[0].partition("?")[2]
        assert site.json(f"/panda/jobs/datatable/?{query}&length=1")["recordsTotal"] == number


def test_an_exact_window_is_plotted_as_asked(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    after, before = panda - timedelta(days=9), panda - timedelta(days=7, hours=12)
    window = {"ended_after": f"{after.isoformat()}Z", "ended_before": f"{before.isoformat()}Z"}
    found = data(page(site, **window))
    assert found["bucket"] == "hour"
    for series in found["series"]:
        assert series["total"] == len(ended(sql, after, before, series["status"]))


@pytest.mark.parametrize(
    "query",
    [
        {"days": 0},
        {"days": -3},
        {"days": 10**9},
        {"ended_after": "0001-01-01T00:00:00Z", "ended_before": "0001-01-01T12:00:00Z"},
        {"ended_after": "2026-01-01T00:00:00Z", "ended_before": "9999-12-31T23:59:59Z"},
        {"ended_after": "2026-11-20T00:00:00Z", "ended_before": "2026-11-01T00:00:00Z"},
        {"site": "a/b", "taskid": ""},
    ],
)
def test_odd_windows_still_give_a_page(site: Site, panda: datetime, query: dict[str, Any]) -> None:
    assert data(page(site, **query))["bucket"] in ("hour", "day")


def test_a_task_id_that_is_no_number_is_named_in_the_page(site: Site, panda: datetime) -> None:
    assert "taskid must be an integer" in page(site, taskid="x")


def test_without_a_database_the_page_says_so(site: Site) -> None:
    markup = page(site)
    assert "job-outcomes-data" not in markup
    assert "cannot be read" in markup
