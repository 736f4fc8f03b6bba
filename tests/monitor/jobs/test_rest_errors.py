"""``api/panda/errors/`` gives the numbers of the error page, under the field names of the MCP's error summary."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from swf_monitor.panda.queries.errors import ErrorPattern
from swf_monitor.panda.rest.errors import attribution
from tests.monitor.conftest import Site
from tests.monitor.jobs.job_sql import CODES, FAULTY, rows, text

pytestmark = pytest.mark.django_db

LIST = "/api/panda/errors/"
PAGE = "/panda/errors/"
FIELDS = [
    "error_source",
    "error_code",
    "error_diag",
    "count",
    "task_count",
    "users",
    "sites",
    "destination_sites",
    "avg_seconds_to_error",
    "never_started_count",
    "first_seen",
    "last_seen",
    "attribution_guidance",
]
Pattern = tuple[str, int, str]


def asked(site: Site, /, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(f"{LIST}?{urlencode(query)}")
    return answer


def by_pattern(sql: sqlite3.Connection, now: datetime, days: int, condition: str = "1") -> dict[Pattern, list[Any]]:
    found: dict[Pattern, list[Any]] = defaultdict(list)
    for job in rows(sql, now, days, f"jobstatus IN {FAULTY} AND {condition}"):
        for component, column in CODES.items():
            if job[column]:
                found[component, job[column], (job[column.replace("code", "diag")] or "")[:256]].append(job)
    return found


def pattern_of(item: dict[str, Any]) -> Pattern:
    return item["error_source"], item["error_code"], item["error_diag"]


def names(jobs: list[Any], column: str) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for job in jobs:
        if job[column]:
            counts[job[column]] += 1
    return counts


def test_the_envelope_and_the_patterns_have_their_fields(site: Site, panda: datetime) -> None:
    answer = asked(site)
    assert set(answer) == {"total_errors", "errors", "count", "filters"}
    assert answer["filters"] == {
        "days": 10,
        "username": None,
        "site": None,
        "destinationse": None,
        "taskid": None,
        "error_source": None,
    }
    assert [list(item) for item in answer["errors"]] == [FIELDS] * 20


def test_the_page_and_rest_give_the_same_patterns_and_numbers(site: Site, panda: datetime) -> None:
    shown = site.json(f"{PAGE}?days=30&format=json&site=JLAB_OSG_epic")["rows"]
    told = asked(site, days=30, limit=200, site="JLAB_OSG_epic")["errors"]
    same = {
        "component": "error_source",
        "code": "error_code",
        "diagnostic": "error_diag",
        "jobs": "count",
        "tasks": "task_count",
        "mean_time_to_error_s": "avg_seconds_to_error",
        "never_started": "never_started_count",
        "users": "users",
        "sites": "sites",
    }
    assert shown
    assert [[row[name] for name in same] for row in shown] == [[item[name] for name in same.values()] for item in told]


def test_the_table_of_the_page_counts_alike(site: Site, panda: datetime) -> None:
    table = site.json("/panda/errors/datatable/?days=7")["data"]
    told = asked(site, days=7, limit=200)["errors"]
    assert [[text(cell) for cell in row[:5]] for row in table] == [
        [str(item[name]) for name in ("error_source", "error_code", "error_diag", "count", "task_count")]
        for item in told
    ]


def test_the_total_counts_every_error_and_not_only_the_listed_ones(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    answer = asked(site, days=30, limit=3)
    assert answer["count"] == len(answer["errors"]) == 3
    assert answer["total_errors"] == sum(map(len, by_pattern(sql, panda, 30).values()))


def test_first_and_last_seen_are_the_changes_of_the_first_and_the_latest_job(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    wanted = by_pattern(sql, panda, 30)
    for item in asked(site, days=30, limit=200)["errors"]:
        changes = [datetime.fromisoformat(job["modificationtime"]) for job in wanted[pattern_of(item)]]
        assert item["first_seen"] == min(changes).isoformat()
        assert item["last_seen"] == max(changes).isoformat()


@pytest.mark.parametrize(
    ("field", "column"),
    [("users", "produsername"), ("sites", "computingsite"), ("destination_sites", "destinationse")],
)
def test_all_names_are_told_most_affected_first(
    site: Site, sql: sqlite3.Connection, panda: datetime, field: str, column: str
) -> None:
    wanted = by_pattern(sql, panda, 30)
    seen = 0
    for item in asked(site, days=30, limit=200)["errors"]:
        counts = names(wanted[pattern_of(item)], column)
        assert item[field] == sorted(counts, key=lambda name: (-counts[name], name))
        seen += len(counts)
    assert seen


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({"username": "%o%"}, "produsername LIKE '%o%'"),
        ({"site": "%epic"}, "computingsite LIKE '%epic'"),
        ({"taskid": 30003}, "jeditaskid = 30003"),
        ({"destinationse": "BNL%"}, "destinationse LIKE 'BNL%'"),
    ],
)
def test_filters_select_the_same_jobs_as_sql(
    site: Site, sql: sqlite3.Connection, panda: datetime, filters: dict[str, Any], condition: str
) -> None:
    answer = asked(site, days=60, limit=200, **filters)
    wanted = by_pattern(sql, panda, 60, condition)
    assert answer["total_errors"] == sum(map(len, wanted.values())) > 0
    assert all(item["count"] == len(wanted[pattern_of(item)]) for item in answer["errors"])
    assert filters.items() <= answer["filters"].items()


def test_one_component_can_be_asked_for(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    wanted = {key: len(jobs) for key, jobs in by_pattern(sql, panda, 30).items() if key[0] == "pilot"}
    answer = asked(site, days=30, limit=200, error_source="pilot")
    assert {pattern_of(item): item["count"] for item in answer["errors"]} == wanted
    assert answer["total_errors"] == sum(wanted.values())


def test_without_errors_there_is_an_empty_answer(site: Site, panda: datetime) -> None:
    answer = asked(site, username="nobody")
    assert (answer["total_errors"], answer["errors"], answer["count"]) == (0, [], 0)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("days=x", "days must be an integer"),
        ("days=0", "days must be >= 1"),
        ("taskid=x", "taskid must be an integer"),
        ("limit=0", "limit must be >= 1"),
        ("limit=201", "limit must be <= 200"),
        (
            "error_source=transformation",
            "error_source must be one of brokerage, ddm, executor, dispatcher, pilot, supervisor, taskbuffer",
        ),
    ],
)
def test_a_wrong_parameter_is_named(site: Site, panda: datetime, query: str, words: str) -> None:
    answer = site.get(f"{LIST}?{query}")
    assert (answer.status_code, answer.json()) == (400, {"error": words})


@pytest.mark.parametrize(
    ("sites", "tasks", "destinations", "words"),
    [
        ([], 3, [], "brokerage"),
        (["A"], 1, [], "does not tell"),
        (["A"], 3, [], "look at the site first"),
        (["A", "B"], 1, [], "look at the task"),
        (["A", "B"], 3, ["DISK"], "all writing to DISK"),
        (["A", "B"], 3, ["DISK", "TAPE"], "what they share"),
    ],
)
def test_the_spread_says_where_to_look_first(sites: list[str], tasks: int, destinations: list[str], words: str) -> None:
    never = datetime(2026, 11, 20)  # noqa: DTZ001 - PanDA's times have no zone
    assert words in attribution(ErrorPattern("pilot", 1, "", 5, tasks, None, 0, never, never, [], sites, destinations))
