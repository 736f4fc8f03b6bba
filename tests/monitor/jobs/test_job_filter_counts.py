"""The values offered as filters of the job list, and their counts (contract 3.7, 4.5)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.monitor.conftest import Site
from tests.monitor.jobs.job_sql import rows

COUNTS = "/panda/jobs/filter-counts/"
COLUMNS = {"status": "jobstatus", "username": "produsername", "site": "computingsite"}


def offered(site: Site, /, **query: Any) -> dict[str, dict[str, int]]:
    """Filter value to count, per filter; the third entry of a choice is its value when the label is not."""
    found = site.json(f"{COUNTS}?{urlencode(query)}")["filter_counts"]
    return {
        name: {choice[-1] if len(choice) == 3 else choice[0]: choice[1] for choice in found[name]} for name in found
    }


def counted(found: list[sqlite3.Row], column: str) -> dict[str, int]:
    return dict(Counter(row[column] or "__blank__" for row in found))


def test_each_filter_offers_every_value_with_its_count(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    jobs = rows(sql, panda, 14)
    assert offered(site, days=14) == {name: counted(jobs, column) for name, column in COLUMNS.items()}


def test_values_come_most_frequent_first(site: Site, panda: datetime) -> None:
    for choices in site.json(f"{COUNTS}?days=30")["filter_counts"].values():
        numbers = [choice[1] for choice in choices]
        assert numbers == sorted(numbers, reverse=True)


def test_a_filter_narrows_the_others_and_not_itself(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    found = offered(site, days=30, status="failed", taskid=30003)
    assert found["status"] == counted(rows(sql, panda, 30, "jeditaskid = 30003"), "jobstatus")
    narrowed = rows(sql, panda, 30, "jeditaskid = 30003 AND jobstatus = 'failed'")
    assert found["site"] == counted(narrowed, "computingsite")


def test_an_unreadable_task_id_is_refused(site: Site, panda: datetime) -> None:
    assert site.get(f"{COUNTS}?taskid=x").status_code == 400


@pytest.mark.parametrize("name", ["username", "site"])
def test_the_blank_choice_selects_exactly_its_jobs(site: Site, panda: datetime, name: str) -> None:
    number = offered(site, days=30)[name]["__blank__"]
    table = site.json(f"/panda/jobs/datatable/?{urlencode({'days': 30, 'length': 1, name: '__blank__'})}")
    assert table["recordsTotal"] == number
