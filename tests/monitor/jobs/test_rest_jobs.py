"""``api/panda/jobs/`` gives the contract's fields, figures and errors (5.1, 5.3)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.monitor.conftest import Site
from tests.monitor.jobs.job_sql import rows

pytestmark = pytest.mark.django_db

LIST = "/api/panda/jobs/"
FIELDS = [
    "pandaid",
    "jeditaskid",
    "reqid",
    "produsername",
    "jobstatus",
    "computingsite",
    "transformation",
    "processingtype",
    "creationtime",
    "starttime",
    "endtime",
    "modificationtime",
    "corecount",
    "nevents",
    "noutputdatafiles",
    "outputfilebytes",
    "destinationse",
]


def asked(site: Site, /, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(f"{LIST}?{urlencode(query)}")
    return answer


def stored(value: Any, field: str) -> Any:
    """A value as the database holds it, as JSON gives it."""
    if field.endswith("time") and value is not None:
        return datetime.fromisoformat(value).isoformat()
    return value


def test_items_carry_every_field_as_stored(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    items = asked(site)["items"]
    assert len(items) == 200
    assert items == [{name: stored(row[name], name) for name in FIELDS} for row in rows(sql, panda, 7)[:200]]


def test_counts_and_summary_cover_the_window_and_not_the_page(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    answer = asked(site, days=14, limit=3)
    jobs = rows(sql, panda, 14)
    assert len(answer["items"]) == 3
    assert answer["total_count"] == len(jobs)
    assert answer["summary"] == dict(Counter(row["jobstatus"] for row in jobs))
    assert list(answer["summary"].values()) == sorted(answer["summary"].values(), reverse=True)


def test_the_cursor_walks_through_all_jobs_once(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    found: list[int] = []
    before: dict[str, int] = {}
    while True:
        answer = asked(site, days=2, limit=97, **before)
        found += [item["pandaid"] for item in answer["items"]]
        if not answer["has_more"]:
            break
        assert answer["next_before_id"] == found[-1]
        before = {"before_id": answer["next_before_id"]}
    assert answer["next_before_id"] is None
    assert found == [row["pandaid"] for row in rows(sql, panda, 2)]


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({"status": "failed"}, "jobstatus = 'failed'"),
        ({"username": "%o%"}, "produsername LIKE '%o%'"),
        ({"username": "bsmith"}, "produsername = 'bsmith'"),
        ({"site": "%epic"}, "computingsite LIKE '%epic'"),
        ({"taskid": 30003}, "jeditaskid = 30003"),
        ({"reqid": 1002, "status": "running"}, "reqid = 1002 AND jobstatus = 'running'"),
    ],
)
def test_filters_select_the_same_jobs_as_sql(
    site: Site, sql: sqlite3.Connection, panda: datetime, filters: dict[str, Any], condition: str
) -> None:
    answer = asked(site, days=30, limit=5000, **filters)
    assert [item["pandaid"] for item in answer["items"]] == [row["pandaid"] for row in rows(sql, panda, 30, condition)]
    nothing = dict.fromkeys(("status", "username", "site", "taskid", "reqid"))
    assert answer["filters"] == {"days": 30, **nothing, **filters}


def test_a_task_gives_all_its_jobs_at_once(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    answer = asked(site, days=365, taskid=30003)
    assert len(answer["items"]) == len(rows(sql, panda, 365, "jeditaskid = 30003")) == answer["total_count"]
    assert answer["has_more"] is False


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("days=x", "days must be an integer"),
        ("days=0", "days must be >= 1"),
        ("taskid=x", "taskid must be an integer"),
        ("reqid=1.5", "reqid must be an integer"),
        ("before_id=x", "before_id must be an integer"),
        ("limit=0", "limit must be >= 1"),
        ("limit=x", "limit must be an integer"),
    ],
)
def test_a_wrong_parameter_is_named(site: Site, panda: datetime, query: str, words: str) -> None:
    answer = site.get(f"{LIST}?{query}")
    assert (answer.status_code, answer.json()) == (400, {"error": words})


def test_days_have_no_maximum(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    assert asked(site, days=10**9)["total_count"] == len(rows(sql, panda, 36_500))


def test_head_is_refused(site: Site, panda: datetime) -> None:
    assert site.client.head(LIST).status_code == 405


def test_an_unreadable_database_is_an_error_without_details(site: Site) -> None:
    answer = site.get(LIST)
    assert answer.status_code == 500
    assert "missing-panda" not in answer.json()["error"]
