"""The job table agrees with SQL written from the contract (section 4, 4.5), under every filter and order."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.monitor.conftest import Site
from tests.monitor.jobs.job_sql import links, printed, rows, stored, text

pytestmark = pytest.mark.slow

TABLE = "/panda/jobs/datatable/"


def asked(site: Site, /, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(f"{TABLE}?{urlencode(query)}")
    return answer


def ids(answer: dict[str, Any]) -> list[int]:
    return [int(text(row[0])) for row in answer["data"]]


@pytest.mark.parametrize("days", [1, 7])
def test_a_window_holds_the_jobs_modified_in_it_newest_first(
    site: Site, sql: sqlite3.Connection, panda: datetime, days: int
) -> None:
    answer = asked(site, days=days, length=5000)
    wanted = [row["pandaid"] for row in rows(sql, panda, days)]
    assert ids(answer) == wanted
    assert answer["recordsTotal"] == answer["recordsFiltered"] == len(wanted)


@pytest.mark.parametrize("days", ["x", "", None])
def test_the_window_is_seven_days_unless_a_number_is_asked_for(
    site: Site, sql: sqlite3.Connection, panda: datetime, days: str | None
) -> None:
    answer = asked(site, **({} if days is None else {"days": days}))
    assert answer["recordsTotal"] == len(rows(sql, panda, 7))


def test_a_window_of_less_than_no_days_is_empty(site: Site, panda: datetime) -> None:
    assert asked(site, days=-1)["data"] == []


@pytest.mark.parametrize("days", [999_999, 10**12])
def test_a_window_longer_than_the_calendar_holds_everything(
    site: Site, sql: sqlite3.Connection, panda: datetime, days: int
) -> None:
    assert asked(site, days=days)["recordsTotal"] == len(rows(sql, panda, 36_500))


def test_an_exact_window_takes_end_times_after_the_first_up_to_the_second(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    ended = sorted({row["endtime"] for row in rows(sql, panda, 30, "endtime > '1971'")})
    after, before = ended[10], ended[-10]
    wanted = rows(sql, panda, 36_500, "endtime > :after AND endtime <= :before", after=after, before=before)
    answer = asked(site, days=1, length=5000, ended_after=f"{after}+00:00", ended_before=f"{before}+00:00")
    assert ids(answer) == [row["pandaid"] for row in wanted]
    assert wanted


def test_half_an_exact_window_is_ignored(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    assert asked(site, ended_after=stored(panda))["recordsTotal"] == len(rows(sql, panda, 7))


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({"status": "running"}, "jobstatus = 'running'"),
        ({"status": "nonsense"}, "0"),
        ({"username": "Ann O'Dair"}, "produsername = 'Ann O''Dair'"),
        ({"username": "robot <svc&prod>"}, "produsername = 'robot <svc&prod>'"),
        ({"username": "__blank__"}, "COALESCE(produsername, '') = ''"),
        ({"site": "BNL <test> & Söhne"}, "computingsite = 'BNL <test> & Söhne'"),
        ({"site": "__blank__"}, "COALESCE(computingsite, '') = ''"),
        ({"taskid": "30003"}, "jeditaskid = 30003"),
        ({"reqid": "1001"}, "reqid = 1001"),
        ({"status": "failed", "username": "bsmith", "reqid": "1002"},
         "jobstatus = 'failed' AND produsername = 'bsmith' AND reqid = 1002"),
    ],
)  # fmt: skip
def test_filters_select_the_same_jobs_as_sql(
    site: Site, sql: sqlite3.Connection, panda: datetime, filters: dict[str, str], condition: str
) -> None:
    answer = asked(site, days=30, length=5000, **filters)
    wanted = [row["pandaid"] for row in rows(sql, panda, 30, condition)]
    assert ids(answer) == wanted
    assert answer["recordsTotal"] == answer["recordsFiltered"] == len(wanted)


@pytest.mark.parametrize(
    "words",
    ["1605", "30003", "BSMITH", "zoË", "Finished", "perlmutter", "100%_", "%", "<svc", "RUNGEN", "no such thing"],
)
def test_search_looks_in_six_columns_whatever_the_case(
    site: Site, sql: sqlite3.Connection, panda: datetime, words: str
) -> None:
    columns = ("pandaid", "jeditaskid", "produsername", "jobstatus", "computingsite", "transformation")
    folded = words.lower()
    wanted = [
        row["pandaid"]
        for row in rows(sql, panda, 7)
        if any(folded in str(row[column] if row[column] is not None else "").lower() for column in columns)
    ]
    answer = asked(site, **{"days": 7, "length": 5000, "search[value]": words})
    assert ids(answer) == wanted
    assert answer["recordsFiltered"] == len(wanted)
    assert answer["recordsTotal"] == len(rows(sql, panda, 7))


@pytest.mark.parametrize(
    ("index", "column"),
    [
        (0, "pandaid"),
        (1, "jeditaskid"),
        (2, "produsername"),
        (3, "jobstatus"),
        (4, "computingsite"),
        (5, "transformation"),
        (6, "creationtime"),
        (7, "endtime"),
        (9, "corecount"),
    ],
)
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_every_column_but_exec_time_sorts_with_missing_values_last(
    site: Site, sql: sqlite3.Connection, panda: datetime, index: int, column: str, direction: str
) -> None:
    answer = asked(site, **{"days": 2, "length": 5000, "order[0][column]": index, "order[0][dir]": direction})
    values = {row["pandaid"]: row[column] for row in rows(sql, panda, 2)}
    found = [values[pandaid] for pandaid in ids(answer)]
    present = [value for value in found if value is not None]
    assert present == sorted(present, reverse=direction == "desc")
    assert found == present + [None] * (len(found) - len(present))


@pytest.mark.parametrize("index", [8, 10, 99])
def test_a_column_that_does_not_sort_gives_the_default_order(site: Site, panda: datetime, index: int) -> None:
    assert asked(site, **{"order[0][column]": index, "order[0][dir]": "asc"})["data"] == asked(site)["data"]


def test_pages_follow_one_another_without_gap_or_repeat(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    order = {"order[0][column]": 3, "order[0][dir]": "asc"}
    wanted = rows(sql, panda, 2)
    pages = [asked(site, days=2, start=start, length=50, **order) for start in range(0, len(wanted) + 50, 50)]
    found = [pandaid for page in pages for pandaid in ids(page)]
    assert sorted(found) == sorted(row["pandaid"] for row in wanted)


@pytest.mark.parametrize("query", [{"start": 999_999}, {"length": 0}, {"start": -5}])
def test_a_page_outside_the_rows_is_empty_with_right_totals(
    site: Site, sql: sqlite3.Connection, panda: datetime, query: dict[str, int]
) -> None:
    answer = asked(site, **query)
    assert answer["data"] == []
    assert answer["recordsTotal"] == len(rows(sql, panda, 7))


@pytest.mark.parametrize("name", ["draw", "start", "length", "taskid", "reqid", "order[0][column]"])
def test_an_unreadable_number_is_refused_by_name(site: Site, panda: datetime, name: str) -> None:
    answer = site.get(f"{TABLE}?{urlencode({name: 'x'})}")
    assert answer.status_code == 400
    assert name in answer.json()["error"]


def test_cells_show_the_row(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    stored_rows = {row["pandaid"]: row for row in rows(sql, panda, 7)}
    for cells in asked(site, days=7, length=5000)["data"]:
        job = stored_rows[int(text(cells[0]))]
        assert [text(cell) for cell in cells[:8]] == [
            str(job["pandaid"]),
            str(job["jeditaskid"] or ""),
            job["produsername"] or "(blank)",
            job["jobstatus"],
            job["computingsite"] or "(blank)",
            job["transformation"] or "",
            printed(job["creationtime"]),
            printed(job["endtime"]),
        ]
        assert cells[9] == ("" if job["corecount"] is None else str(job["corecount"]))


def test_exec_time_is_given_for_finished_and_failed_jobs_that_started(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    stored_rows = {row["pandaid"]: row for row in rows(sql, panda, 7)}
    shown = {int(text(cells[0])): cells[8] for cells in asked(site, days=7, length=5000)["data"]}
    for pandaid, job in stored_rows.items():
        times = printed(job["starttime"]) and printed(job["endtime"])
        timed = job["jobstatus"] in ("finished", "failed") and times and job["endtime"] >= job["starttime"]
        assert bool(shown[pandaid]) == bool(timed), (pandaid, shown[pandaid])


def test_no_stored_text_becomes_markup(site: Site, panda: datetime) -> None:
    body = site.get(f"{TABLE}?days=7&length=5000").content.decode()
    assert "<test>" not in body
    assert "<svc" not in body
    assert "&lt;svc&amp;prod&gt;" in body


def test_filter_links_keep_the_window_and_set_one_filter(site: Site, panda: datetime) -> None:
    cells = asked(site, days=14, username="Ann O'Dair", length=1)["data"][0]
    assert links(cells[2]) == ["/swf-monitor/panda/jobs/?days=14&username=Ann+O%27Dair"]
    assert links(cells[3])[0].startswith("/swf-monitor/panda/jobs/?days=14&status=")


def test_links_inside_an_exact_window_keep_it(site: Site, panda: datetime) -> None:
    window = {"ended_after": "2026-11-01T00:00:00Z", "ended_before": "2026-11-20T00:00:00Z"}
    cells = asked(site, length=1, **window)["data"][0]
    assert "ended_after=2026-11-01T00%3A00%3A00Z&ended_before=2026-11-20T00%3A00%3A00Z" in links(cells[3])[0]


def test_every_state_link_opens_as_many_jobs_as_its_filter_says(site: Site, panda: datetime) -> None:
    counts = site.json("/panda/jobs/filter-counts/?days=30")["filter_counts"]["status"]
    for status, number in counts:
        assert asked(site, days=30, status=status, length=1)["recordsTotal"] == number


def test_scripts_of_pandas_server_open_in_the_text_page_and_other_addresses_directly(
    site: Site, panda: datetime
) -> None:
    found = {text(cells[5]): links(cells[5]) for cells in asked(site, days=7, length=5000)["data"]}
    script = "https://pandaserver-doma.cern.ch/trf/user/runGen-00-00-02"
    quoted = "https%3A%2F%2Fpandaserver-doma.cern.ch%2Ftrf%2Fuser%2FrunGen-00-00-02"
    assert found[script] == [f"/swf-monitor/panda/view-text/?url={quoted}"]
    assert found["http://example.org/trf?a=1&b=<2>"] == ["http://example.org/trf?a=1&b=<2>"]
    assert found["runGen"] == []


def test_an_unreadable_database_is_said_not_shown_as_no_jobs(site: Site) -> None:
    answer = site.get(TABLE)
    assert answer.status_code == 500
    assert "sqlite" not in answer.json()["error"].lower()
