"""The task table agrees with SQL written from the contract (section 4, 4.8), under every filter and order."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.monitor.conftest import Site
from tests.monitor.definitions import IN_TASK_WINDOW, TASK_COUNTS, task_window

TABLE = "/panda/tasks/datatable/"


def text(cell: Any) -> str:
    """The words of a cell without its markup."""
    plain = re.sub(r"<[^>]+>", "", str(cell))
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        plain = plain.replace(entity, sign)
    return plain


def ids(answer: dict[str, Any]) -> list[int]:
    return [int(text(row[1])) for row in answer["data"]]


def expected_ids(sql: sqlite3.Connection, now: datetime, days: int, condition: str = "1", **values: Any) -> set[int]:
    query = f"SELECT jeditaskid FROM jedi_tasks WHERE {IN_TASK_WINDOW} AND {condition}"
    return {row[0] for row in sql.execute(query, {**task_window(now, days), **values})}


@pytest.mark.parametrize("days", [1, 7, 30, 365])
def test_a_window_holds_exactly_the_tasks_changed_in_it(
    site: Site, sql: sqlite3.Connection, panda: datetime, days: int
) -> None:
    answer = site.json(f"{TABLE}?days={days}&length=1000")
    wanted = expected_ids(sql, panda, days)
    assert set(ids(answer)) == wanted
    assert answer["recordsTotal"] == answer["recordsFiltered"] == len(wanted)


def test_some_old_task_that_never_ended_is_left_out_of_a_year(sql: sqlite3.Connection, panda: datetime) -> None:
    in_window = expected_ids(sql, panda, 365)
    assert len(in_window) < sql.execute("SELECT COUNT(*) FROM jedi_tasks").fetchone()[0]


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({"status": "running"}, "status = 'running'"),
        ({"username": "Ann O'Dair"}, "username = 'Ann O''Dair'"),
        ({"username": "robot <svc&prod>"}, "username = 'robot <svc&prod>'"),
        ({"username": "%o%"}, "username LIKE '%o%'"),
        ({"username": "__blank__"}, "COALESCE(username, '') = ''"),
        ({"processingtype": "epicproduction"}, "processingtype = 'epicproduction'"),
        ({"processingtype": "panda-client-%-jedi-run"}, "processingtype LIKE 'panda-client-%-jedi-run'"),
        ({"processingtype": "__blank__"}, "COALESCE(processingtype, '') = ''"),
        ({"workinggroup": "EIC", "status": "done"}, "workinggroup = 'EIC' AND status = 'done'"),
        ({"search[value]": "ZOË"}, "(taskname LIKE '%zoË%' OR username LIKE '%zoË%')"),
        ({"search[value]": "3003"}, "(jeditaskid LIKE '%3003%' OR taskname LIKE '%3003%')"),
        ({"search[value]": "100%_u"}, r"username LIKE '%100\%\_u%' ESCAPE '\'"),
        ({"status": "nonsense"}, "0"),
    ],
)
def test_filters_and_search_select_the_same_tasks_as_sql(
    site: Site, sql: sqlite3.Connection, panda: datetime, filters: dict[str, str], condition: str
) -> None:
    answer = site.json(f"{TABLE}?{urlencode({'days': 60, 'length': 1000, **filters})}")
    wanted = expected_ids(sql, panda, 60, condition)
    assert set(ids(answer)) == wanted
    assert answer["recordsFiltered"] == len(wanted)
    assert answer["recordsTotal"] == len(expected_ids(sql, panda, 60))


def test_each_row_shows_the_counts_that_sql_gives(site: Site, sql: sqlite3.Connection, panda: datetime) -> None:
    for row in site.json(f"{TABLE}?days=60&length=1000")["data"]:
        counts = sql.execute(TASK_COUNTS, {"task": int(text(row[1]))}).fetchone()
        ended, files = counts["nfinished"] + counts["nfailed"], counts["nfinalfailed"] + counts["nfilesfinished"]
        everything = ended + counts["nactive"]
        assert [text(cell) for cell in row[8:]] == [
            f"{round(100 * ended / everything)}%" if everything else "",
            str(counts["nactive"]),
            str(counts["nfinished"]),
            str(counts["nfailed"]),
            str(counts["nrunning"]),
            str(counts["nretries"]),
            f"{counts['nretries_finished'] / counts['nfinished']:.2f}" if counts["nfinished"] else "",
            f"{100 * round(counts['nfailed'] / ended, 4):.1f}%" if ended else "",
            str(counts["nfinalfailed"]),
            f"{100 * round(counts['nfinalfailed'] / files, 4):.1f}%" if files else "",
        ]


def test_the_newest_id_comes_first_by_itself(site: Site, panda: datetime) -> None:
    found = ids(site.json(f"{TABLE}?days=30"))
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(("column", "place"), [(8, 8), (10, 10), (11, 11), (15, 15), (16, 16)])
def test_a_counted_column_can_be_sorted_by(site: Site, panda: datetime, column: int, place: int) -> None:
    answer = site.json(f"{TABLE}?days=60&length=1000&order[0][column]={column}&order[0][dir]=asc")
    values = [float(text(row[place]).rstrip("%") or -1) for row in answer["data"]]
    assert values == sorted(values)


def test_pages_of_a_sorted_table_make_the_whole(site: Site, panda: datetime) -> None:
    order = "days=60&order[0][column]=11&order[0][dir]=desc"
    whole = ids(site.json(f"{TABLE}?{order}&length=1000"))
    parts = [ids(site.json(f"{TABLE}?{order}&start={start}&length=20")) for start in range(0, len(whole), 20)]
    assert [task for part in parts for task in part] == whole


def test_stored_text_is_escaped_in_cells(site: Site, panda: datetime) -> None:
    rows = site.json(f"{TABLE}?days=365&length=1000&search[value]=<i>test")["data"]
    assert rows
    assert all("<i>" not in str(row[2]) and "&lt;i&gt;" in str(row[2]) for row in rows)


def test_long_names_are_cut_and_kept_in_the_title(site: Site, panda: datetime) -> None:
    row = site.json(f"{TABLE}?days=365&search[value]=long_long_")["data"][0]
    assert text(row[2]).endswith("...")
    assert len(text(row[2])) == 80
    assert "long_long_" * 9 in row[2].split('title="')[1].split('"')[0]


def test_links_in_cells_begin_at_the_mount(site: Site, panda: datetime) -> None:
    row = site.json(f"{TABLE}?days=14")["data"][0]
    addresses = re.findall(r'href="([^"]+)"', "".join(map(str, row)))
    assert addresses
    assert all(address.startswith("/swf-monitor/panda/") for address in addresses)


@pytest.mark.parametrize("field", ["status", "username", "workinggroup"])
def test_filter_counts_agree_with_sql(site: Site, sql: sqlite3.Connection, panda: datetime, field: str) -> None:
    answer = site.json("/panda/tasks/filter-counts/?days=60")["filter_counts"]
    wanted = sql.execute(
        f"SELECT COALESCE({field}, '') AS value, COUNT(*) AS n FROM jedi_tasks WHERE {IN_TASK_WINDOW} GROUP BY 1",
        task_window(panda, 60),
    )
    found = {("" if len(entry) == 3 else entry[0]): entry[1] for entry in answer[field]}
    assert found == {row["value"]: row["n"] for row in wanted}
    numbers = [entry[1] for entry in answer[field]]
    assert numbers == sorted(numbers, reverse=True)


def test_choosing_a_type_from_the_filter_counts_leaves_as_many_rows_as_it_says(site: Site, panda: datetime) -> None:
    for label, number, value in site.json("/panda/tasks/filter-counts/?days=60")["filter_counts"]["processingtype"]:
        answer = site.json(f"{TABLE}?{urlencode({'days': 60, 'processingtype': value, 'length': 1000})}")
        assert answer["recordsFiltered"] == number, label
        assert {text(row[4]) for row in answer["data"]} == {label}


def test_filter_counts_keep_the_other_filters(site: Site, panda: datetime) -> None:
    all_users = dict(
        entry[:2] for entry in site.json("/panda/tasks/filter-counts/?days=60")["filter_counts"]["username"]
    )
    done = site.json("/panda/tasks/filter-counts/?days=60&status=done")["filter_counts"]
    assert dict(entry[:2] for entry in done["username"]) != all_users
    assert len(done["status"]) > 1, "a filter's own values stay on offer"
