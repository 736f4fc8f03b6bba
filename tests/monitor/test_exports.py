"""An export holds what the table of the page holds: same filters, search and order, all pages, raw values."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_monitor.panda import database, export, windows
from swf_monitor.panda.datatables import Order, TableRequest
from tests.monitor.conftest import Site
from tests.monitor.definitions import JOBS, job_window
from tests.monitor.panda_rows import NOW, build

pytestmark = pytest.mark.slow

PAGES = {
    "jobs": "/panda/jobs/",
    "tasks": "/panda/tasks/",
    "errors": "/panda/errors/",
    "diagnostics": "/panda/diagnostics/",
    "queues": "/panda/epic-queues/",
}
WITH_TABLES = [name for name in PAGES if name != "queues"]
PORTION = 29
HOSTILE = ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\tx", "a,b", 'say "hi"', "line\r\nbreak", "日本"]


def address(name: str, form: str, **query: Any) -> str:
    return f"{PAGES[name]}?{urlencode({**query, 'format': form})}"


def exported(site: Site, name: str, /, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(address(name, "json", **query))
    return answer


def lines(site: Site, name: str, /, **query: Any) -> list[dict[str, str]]:
    answer = site.get(address(name, "csv", **query))
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def table(site: Site, name: str, /, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(f"{PAGES[name]}datatable/?{urlencode({'length': 10_000, **query})}")
    return answer


def text(cell: Any) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", str(cell)))


def cells(answer: dict[str, Any], column: int) -> list[str]:
    return [text(row[column]) for row in answer["data"]]


QUERIES: list[tuple[str, dict[str, Any], int, str]] = [
    ("jobs", {}, 0, "pandaid"),
    ("jobs", {"days": 30, "status": "failed"}, 0, "pandaid"),
    ("jobs", {"days": 30, "username": "robot <svc&prod>"}, 0, "pandaid"),
    ("jobs", {"days": 30, "site": "__blank__"}, 0, "pandaid"),
    ("jobs", {"days": 30, "search[value]": "söhne"}, 0, "pandaid"),
    ("jobs", {"days": 30, "order[0][column]": 4, "order[0][dir]": "asc"}, 0, "pandaid"),
    ("jobs", {"days": 30, "order[0][column]": 7, "order[0][dir]": "desc", "status": "finished"}, 0, "pandaid"),
    ("jobs", {"ended_after": "2026-11-15T00:00:00Z", "ended_before": "2026-11-19T00:00:00Z"}, 0, "pandaid"),
    ("tasks", {}, 1, "jeditaskid"),
    ("tasks", {"days": 60, "status": "running"}, 1, "jeditaskid"),
    ("tasks", {"days": 60, "search[value]": "epic"}, 1, "jeditaskid"),
    ("tasks", {"days": 60, "order[0][column]": 2, "order[0][dir]": "asc"}, 1, "jeditaskid"),
    ("tasks", {"days": 60, "order[0][column]": 11, "order[0][dir]": "desc"}, 1, "jeditaskid"),
    ("errors", {"days": 30}, 2, "diagnostic"),
    ("errors", {"days": 30, "error_source": "pilot", "classified": "1", "status": "failed"}, 2, "diagnostic"),
    ("diagnostics", {"days": 1}, 0, "pandaid"),
    ("diagnostics", {"days": 30, "error_source": "transformation", "username": "bsmith"}, 0, "pandaid"),
    ("diagnostics", {"error_source": "nothing"}, 0, "pandaid"),
]


@pytest.mark.parametrize(("name", "query", "column", "field"), QUERIES)
def test_the_rows_are_those_of_the_table_in_its_order(
    site: Site, panda: datetime, name: str, query: dict[str, Any], column: int, field: str
) -> None:
    wanted = table(site, name, **query)
    answer = exported(site, name, **query)
    assert [re.sub(r"<[^>]+>", "", str(row[field])) for row in answer["rows"]] == [
        re.sub(r"<[^>]+>", "", cell) for cell in cells(wanted, column)
    ]
    assert answer["total"] == len(answer["rows"]) == wanted["recordsFiltered"]


@pytest.mark.parametrize(("name", "query", "column", "field"), QUERIES)
def test_csv_holds_the_same_rows_as_json(
    site: Site, panda: datetime, name: str, query: dict[str, Any], column: int, field: str
) -> None:
    answer = exported(site, name, **query)
    assert [row[field] for row in lines(site, name, **query)] == [str(row[field]) for row in answer["rows"]]


@pytest.mark.parametrize(
    ("name", "own", "datatables"),
    [
        ("jobs", {"sort": "computingsite", "order": "asc"}, {"order[0][column]": 4, "order[0][dir]": "asc"}),
        ("jobs", {"sort": "endtime"}, {"order[0][column]": 7, "order[0][dir]": "desc"}),
        ("jobs", {"order": "asc"}, {"order[0][column]": 0, "order[0][dir]": "asc"}),
        ("jobs", {"search": "bsmith"}, {"search[value]": "bsmith"}),
        ("tasks", {"sort": "progress_percent", "order": "asc"}, {"order[0][column]": 8, "order[0][dir]": "asc"}),
        ("tasks", {"sort": "computed_progress", "order": "asc"}, {"order[0][column]": 8, "order[0][dir]": "asc"}),
        ("queues", {"sort": "jobs_24h", "order": "desc"}, {"order[0][column]": 11, "order[0][dir]": "desc"}),
    ],
)
def test_plain_parameters_mean_the_same_as_datatables_ones(
    site: Site, panda: datetime, name: str, own: dict[str, Any], datatables: dict[str, Any]
) -> None:
    rows = exported(site, name, days=30, **own)["rows"]
    assert rows == exported(site, name, days=30, **datatables)["rows"]
    assert rows
    assert name == "queues" or rows != exported(site, name, days=30)["rows"]


def test_a_job_is_exported_as_it_is_stored(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    answer = exported(site, "jobs", days=30)
    for row in answer["rows"]:
        stored = sql.execute(
            f"SELECT jeditaskid, jobstatus, produsername, computingsite, endtime FROM {JOBS} WHERE pandaid = ?",
            (row["pandaid"],),
        ).fetchone()
        names = ("jeditaskid", "jobstatus", "produsername", "computingsite")
        assert [row[name] for name in names] == [stored[name] for name in names]
        ended = stored["endtime"]
        unset = ended is None or ended.startswith("1970")
        assert row["endtime"] == (None if unset else datetime.fromisoformat(ended).isoformat() + "Z")


def test_times_of_a_run_are_seconds_and_only_of_finished_and_failed_jobs(site: Site, panda: datetime) -> None:
    rows = exported(site, "jobs", days=30)["rows"]
    timed = [row for row in rows if row["exectime_s"] is not None]
    assert {row["jobstatus"] for row in timed} == {"finished", "failed"}
    for row in timed:
        seconds = datetime.fromisoformat(row["endtime"]) - datetime.fromisoformat(row["starttime"])
        assert row["exectime_s"] == seconds.total_seconds() >= 0


def test_queues_are_those_of_the_page_with_the_jobs_of_the_last_day(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    rows = exported(site, "queues")["rows"]
    names = sql.execute("SELECT panda_queue FROM schedconfig_json WHERE json_extract(data, '$.vo_name') = 'eic'")
    assert {row["name"] for row in rows} == {name for (name,) in names}
    count = f"SELECT COUNT(*) FROM {JOBS} WHERE modificationtime >= ? AND computingsite = ?"
    for row in rows:
        assert row["jobs_24h"] == sql.execute(count, (job_window(panda, 1), row["name"])).fetchone()[0]


def test_the_search_of_the_queues_finds_every_word_in_any_column(site: Site, panda: datetime) -> None:
    everything = exported(site, "queues")["rows"]
    name = everything[0]["name"]
    found = exported(site, "queues", search=f"{name.lower()} {everything[0]['status']}")["rows"]
    assert everything[0] in found
    assert all(name in row["name"] for row in found)
    assert exported(site, "queues", search="no such queue")["total"] == 0


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("form", "kind"), [("csv", "text/csv; charset=utf-8"), ("json", "application/json")])
def test_the_answer_is_a_file_named_after_list_and_minute(
    site: Site, panda: datetime, name: str, form: str, kind: str
) -> None:
    answer = site.get(address(name, form))
    assert answer["Content-Type"] == kind
    assert answer["Content-Disposition"] == f"attachment; filename=panda-{name}-20261120T1200Z.{form}"
    assert int(answer["X-Row-Limit"]) > 0


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"format": "xml"}, "format must be one of csv, json"),
        ({"format": "CSV"}, "format must be one of csv, json"),
        ({"format": "csv", "sort": "nonsense"}, "sort must be one of"),
        ({"format": "csv", "order": "sideways"}, "order must be asc or desc"),
        ({"format": "json", "order[0][column]": "x"}, "order[0][column] must be an integer"),
    ],
)
def test_what_cannot_be_read_is_answered_with_400_and_the_reason(
    site: Site, panda: datetime, name: str, query: dict[str, str], words: str
) -> None:
    answer = site.get(f"{PAGES[name]}?{urlencode(query)}")
    assert answer.status_code == 400
    assert words in json.loads(answer.content)["error"]


@pytest.mark.parametrize("name", PAGES)
def test_a_database_that_cannot_be_read_is_an_error_and_not_an_empty_file(site: Site, name: str) -> None:
    answer = site.get(address(name, "csv"))
    assert answer.status_code == 500
    assert json.loads(answer.content) == {"error": database.UNREADABLE}


@pytest.mark.parametrize("most", [1, 7, 100])
@pytest.mark.parametrize("name", ["jobs", "tasks", "queues"])
def test_a_longer_list_is_cut_at_the_announced_limit(
    site: Site, panda: datetime, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    whole = exported(site, name, days=60)["rows"]
    monkeypatch.setattr(export, "ROW_LIMIT", most)
    answer = site.get(address(name, "json", days=60))
    body = json.loads(answer.content)
    cut = len(whole) > most
    assert body["rows"] == whole[:most]
    assert (body["limit"], body["truncated"], answer["X-Row-Limit"]) == (most, cut, str(most))
    assert answer.headers.get("X-Truncated") == ("true" if cut else None)
    assert len(lines(site, name, days=60)) == min(most, len(whole))


def test_diagnostics_are_cut_where_the_page_cuts_them(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    faulty = f"SELECT COUNT(*) FROM {JOBS} WHERE jobstatus IN ('failed', 'cancelled', 'closed')"
    assert sql.execute(faulty).fetchone()[0] > 500
    answer = site.get(address("diagnostics", "json", days=9999))
    body = json.loads(answer.content)
    assert [row["pandaid"] for row in body["rows"]] == [
        int(cell) for cell in cells(table(site, "diagnostics", days=9999), 0)
    ]
    assert (len(body["rows"]), body["limit"], body["truncated"], answer["X-Truncated"]) == (500, 500, True, "true")


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("jobs", {}),
        ("jobs", {"sort": "jobstatus", "search": "epic"}),
        ("tasks", {"sort": "status"}),
        ("tasks", {"sort": "nfailed", "order": "asc"}),
    ],
)
def test_rows_read_in_several_portions_are_the_same(
    site: Site, panda: datetime, monkeypatch: pytest.MonkeyPatch, name: str, query: dict[str, str]
) -> None:
    first = site.get(address(name, "json", days=60, **query))
    assert len(json.loads(first.content)["rows"]) > 2 * PORTION
    monkeypatch.setattr(export, "MOST_ROWS", PORTION)
    assert site.get(address(name, "json", days=60, **query)).content == first.content


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The monitor reads a database whose users are named to do harm in a spreadsheet."""
    path = tmp_path / "hostile.sqlite3"
    build(path, tasks=5, jobs=len(HOSTILE) * 3)
    with sqlite3.connect(path) as writer:
        for source in ("jobsactive4", "jobsarchived4"):
            for index, name in enumerate(HOSTILE):
                writer.execute(
                    f"UPDATE {source} SET produsername = ? WHERE pandaid % ? = ?", (name, len(HOSTILE), index)
                )
    writer.close()
    monkeypatch.setattr(
        database, "panda_engine", lambda: database.read_only_engine(database.sqlite_url(path, read_only=True))
    )
    monkeypatch.setattr(windows, "utc_now", lambda: NOW)


def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe_in_csv_only(site: Site, hostile: None) -> None:
    raw = [row["produsername"] for row in exported(site, "jobs", days=9999)["rows"]]
    assert set(raw) == set(HOSTILE)
    written = [row["produsername"] for row in lines(site, "jobs", days=9999)]
    assert written == [f"'{name}" if name[0] in "=+-@\t" else name for name in raw]


@given(st.lists(st.one_of(st.none(), st.integers(), st.text(st.characters(codec="utf-8", exclude_characters="\0")))))
def test_any_value_survives_csv_but_for_the_apostrophe(values: list[Any]) -> None:
    listing = export.Export(
        "x", (export.Field("v", lambda row: row), export.Field("w", str)), lambda *_: export.Found(0, [])
    )
    table = export.Table(["v", "w"], len(values), False, [[value, "end"] for value in values])
    read = list(csv.reader(io.StringIO(export.as_csv(table).decode(), newline="")))[1:]
    assert [row[0].removeprefix("'") for row in read] == [
        ("" if value is None else str(value)).removeprefix("'") for value in values
    ]
    assert json.loads(export.as_json(table, listing))["rows"] == [{"v": value, "w": "end"} for value in values]


def test_missing_values_come_last_in_both_directions() -> None:
    rows = [[None], ["b"], [3], ["A"], [20]]
    for descending, wanted in ((False, [3, 20, "A", "b", None]), (True, ["b", "A", 20, 3, None])):
        request = TableRequest(1, 0, 10, "", Order("v", descending))
        assert [row[0] for row in export.arranged(rows, ["v"], request)] == wanted


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_the_page_links_its_exports_with_its_filters(site: Site, panda: datetime, name: str) -> None:
    page = site.html(f"{PAGES[name]}?days=3&username=Ann+O%27Dair")
    links = [html.unescape(link) for link in re.findall(r'class="export-link"[^>]*? href="([^"]+)"', page)]
    assert [link.rsplit("=", 1)[1] for link in links] == ["csv", "json"]
    for link in links:
        assert "days=3" in link
        assert "username=Ann+O%27Dair" in link
        assert site.get(link).status_code == 200
