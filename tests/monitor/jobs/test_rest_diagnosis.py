"""``api/panda/jobs/diagnose/`` tells of the diagnostics page's jobs, with the field names of the MCP's diagnosis."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.monitor.conftest import Site
from tests.monitor.jobs.job_sql import CODES, FAULTY, rows

pytestmark = pytest.mark.django_db

LIST = "/api/panda/jobs/diagnose/"


def asked(site: Site, /, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(f"{LIST}?{urlencode(query)}")
    return answer


def ids(answer: dict[str, Any]) -> list[int]:
    return [job["pandaid"] for job in answer["jobs"]]


def reports(job: sqlite3.Row) -> list[dict[str, Any]]:
    """What each component said, by the contract's definition."""
    found = [
        {"component": name, "code": job[column], "diag": job[column.replace("code", "diag")] or ""}
        for name, column in CODES.items()
        if job[column]
    ]
    if job["transexitcode"] not in (None, "", "0"):
        found.append({"component": "transformation", "code": int(job["transexitcode"]), "diag": ""})
    return found


def test_the_envelope_has_its_fields(site: Site, panda: datetime) -> None:
    answer = asked(site, limit=2)
    assert set(answer) == {"error_summary", "jobs", "count", "pagination", "filters"}
    assert set(answer["error_summary"]) == {"total_faulty_jobs", "by_component", "top_error_codes"}
    assert answer["count"] == 2
    assert answer["pagination"] == {
        "before_id": None,
        "has_more": True,
        "next_before_id": ids(answer)[-1],
        "limit": 2,
    }
    nothing = dict.fromkeys(("username", "site", "taskid", "reqid", "error_component"))
    assert answer["filters"] == {"days": 7, **nothing}


def test_every_job_is_told_with_all_its_errors(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    wanted = rows(sql, panda, 7, f"jobstatus IN {FAULTY}")
    answer = asked(site)
    assert len(wanted) > 50
    assert {job["pandaid"]: job["errors"] for job in answer["jobs"]} == {
        job["pandaid"]: reports(job) for job in wanted[:500]
    }
    for told, job in zip(answer["jobs"], wanted, strict=False):
        assert {name: told[name] for name in ("pandaid", "jobstatus", "destinationse", "piloterrorcode")} == {
            name: job[name] for name in ("pandaid", "jobstatus", "destinationse", "piloterrorcode")
        }


@pytest.mark.parametrize("source", ["pilot", "transformation"])
def test_the_page_and_rest_show_the_same_jobs(site: Site, panda: datetime, source: str) -> None:
    shown = site.json(f"/panda/diagnostics/?days=30&format=json&error_source={source}&site=JLAB_OSG_epic")["rows"]
    answer = asked(site, days=30, error_component=source, site="JLAB_OSG_epic")
    assert shown
    assert [row["pandaid"] for row in shown] == ids(answer)
    assert [len(row["errors"]) for row in shown] == [len(job["errors"]) for job in answer["jobs"]]


def test_the_summary_covers_the_window_and_not_the_page(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    summary = asked(site, days=30, limit=1)["error_summary"]
    jobs = rows(sql, panda, 30, f"jobstatus IN {FAULTY}")
    said = [one for job in jobs for one in reports(job)]
    codes = Counter((one["component"], one["code"]) for one in said)
    assert summary["total_faulty_jobs"] == len(jobs)
    assert summary["by_component"] == Counter(one["component"] for one in said)
    assert len(summary["top_error_codes"]) == 20
    assert [one["count"] for one in summary["top_error_codes"]] == sorted(codes.values(), reverse=True)[:20]
    for one in summary["top_error_codes"]:
        assert one["count"] == codes[one["component"], one["code"]]
        assert one["sample_diag"] in {
            told["diag"] for told in said if (told["component"], told["code"]) == (one["component"], one["code"])
        }


def test_the_cursor_walks_through_all_jobs_once(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    found: list[int] = []
    before: dict[str, int] = {}
    while True:
        answer = asked(site, days=14, limit=37, **before)
        found += ids(answer)
        if not answer["pagination"]["has_more"]:
            break
        before = {"before_id": answer["pagination"]["next_before_id"]}
    assert answer["pagination"]["next_before_id"] is None
    assert found == [job["pandaid"] for job in rows(sql, panda, 14, f"jobstatus IN {FAULTY}")]


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({"username": "%o%"}, "produsername LIKE '%o%'"),
        ({"taskid": 30003}, "jeditaskid = 30003"),
        ({"reqid": 1002}, "reqid = 1002"),
        ({"error_component": "ddm"}, "ddmerrorcode != 0"),
    ],
)
def test_filters_select_the_same_jobs_as_sql(
    site: Site, sql: sqlite3.Connection, panda: datetime, filters: dict[str, Any], condition: str
) -> None:
    answer = asked(site, days=30, **filters)
    wanted = rows(sql, panda, 30, f"jobstatus IN {FAULTY} AND {condition}")
    assert ids(answer) == [job["pandaid"] for job in wanted]
    assert answer["error_summary"]["total_faulty_jobs"] == len(wanted) > 0
    assert filters.items() <= answer["filters"].items()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("days=0", "days must be >= 1"),
        ("limit=501", "limit must be <= 500"),
        ("before_id=x", "before_id must be an integer"),
        ("error_component=x", "error_component must be one of brokerage,"),
    ],
)
def test_a_wrong_parameter_is_named(site: Site, panda: datetime, query: str, words: str) -> None:
    answer = site.get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert words in answer.json()["error"]
