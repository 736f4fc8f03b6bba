"""Diagnostics: single faulty jobs with what each component said (contract 4.9)."""

from __future__ import annotations

import html
import re
import sqlite3
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.monitor.conftest import Site
from tests.monitor.jobs.job_sql import CODES, FAULTY, printed, rows, text

TABLE = "/panda/diagnostics/datatable/"


def asked(site: Site, /, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(f"{TABLE}?{urlencode(query)}")
    return answer


def ids(answer: dict[str, Any]) -> list[int]:
    return [int(text(row[0])) for row in answer["data"]]


@pytest.mark.parametrize("days", [1, 30])
def test_the_newest_faulty_jobs_come_first_and_at_most_500(
    site: Site, sql: sqlite3.Connection, panda: datetime, days: int
) -> None:
    answer = asked(site, days=days, length=1000)
    wanted = [row["pandaid"] for row in rows(sql, panda, days, f"jobstatus IN {FAULTY}")][:500]
    assert ids(answer) == wanted
    assert answer["recordsTotal"] == answer["recordsFiltered"] == len(wanted)


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({"username": "dan_fox"}, "produsername = 'dan_fox'"),
        ({"site": "INFN_CNAF_epic"}, "computingsite = 'INFN_CNAF_epic'"),
        ({"taskid": 30003}, "jeditaskid = 30003"),
        ({"error_source": "executor"}, "exeerrorcode <> 0"),
        ({"error_source": "supervisor"}, "superrorcode <> 0"),
        ({"error_source": "transformation"}, "transexitcode IS NOT NULL AND transexitcode NOT IN ('', '0')"),
        ({"error_source": "nonsense"}, "0"),
    ],
)
def test_filters_select_the_same_jobs_as_sql(
    site: Site, sql: sqlite3.Connection, panda: datetime, filters: dict[str, Any], condition: str
) -> None:
    wanted = [row["pandaid"] for row in rows(sql, panda, 7, f"jobstatus IN {FAULTY} AND {condition}")]
    assert ids(asked(site, days=7, length=1000, **filters)) == wanted[:500]


def test_start_and_length_are_honoured_and_search_is_not(site: Site, panda: datetime) -> None:
    everything = ids(asked(site, days=30, length=1000))
    assert ids(asked(site, **{"days": 30, "start": 20, "length": 7, "search[value]": "zzz"})) == everything[20:27]


def lines(job: sqlite3.Row) -> list[str]:
    """What the errors cell says, one line per component."""
    found = []
    for component, column in CODES.items():
        if job[column]:
            diagnostic = job[column.replace("code", "diag")] or ""
            found.append(
                f"{component}:{job[column]} {diagnostic if len(diagnostic) <= 80 else diagnostic[:77] + '...'}"
            )
    if job["transexitcode"] not in (None, "", "0"):
        found.append(f"transformation:{job['transexitcode']} ")
    return found


def test_each_row_lists_all_its_errors_cut_to_80_characters(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    jobs = {row["pandaid"]: row for row in rows(sql, panda, 7)}
    for cells in asked(site, days=7, length=1000)["data"]:
        job = jobs[int(text(cells[0]))]
        stripped = [html.unescape(re.sub(r"</?strong>", "", line)) for line in cells[5].split("<br>")]
        assert stripped == (lines(job) or [""])
        assert [text(cell) for cell in (*cells[1:5], cells[6])] == [
            str(job["jeditaskid"] or ""),
            job["produsername"] or "",
            job["jobstatus"],
            job["computingsite"] or "",
            printed(job["endtime"]),
        ]


def test_no_stored_text_becomes_markup(site: Site, panda: datetime) -> None:
    body = site.get(f"{TABLE}?days=30&length=500").content.decode()
    assert "<script>" not in body
    assert "<b>no" not in body


def test_the_page_passes_its_filters_on_to_its_table(site: Site, panda: datetime) -> None:
    markup = site.html("/panda/diagnostics/?days=3&error_source=pilot&site=JLAB_OSG_epic")
    assert '"filters": {"error_source": "pilot", "site": "JLAB_OSG_epic"}' in markup


def test_an_unknown_component_is_named_in_the_page(site: Site, panda: datetime) -> None:
    assert "no error component called “zzz”" in site.html("/panda/diagnostics/?error_source=zzz")
