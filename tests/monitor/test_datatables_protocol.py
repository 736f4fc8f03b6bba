"""The DataTables protocol of the list pages (contract 3.7)."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from swf_monitor.panda.datatables import MOST_ROWS, BadRequestError, Order, read_request
from tests.monitor.conftest import Site

TABLE = "/panda/tasks/datatable/"
DEFAULT = Order("id")


def test_defaults_are_the_contracts() -> None:
    request = read_request({}, ["id"], DEFAULT)
    assert (request.draw, request.start, request.length, request.search, request.order) == (1, 0, 100, "", DEFAULT)


@pytest.mark.parametrize("column", ["-1", "2", "1"])
def test_an_impossible_column_falls_back_to_the_default_order(column: str) -> None:
    query = {"order[0][column]": column, "order[0][dir]": "asc"}
    assert read_request(query, ["id", None], DEFAULT).order == DEFAULT


def test_an_odd_direction_falls_back_to_the_default_order() -> None:
    query = {"order[0][column]": "0", "order[0][dir]": "sideways"}
    assert read_request(query, ["id"], DEFAULT).order == DEFAULT


def test_length_all_is_bounded() -> None:
    assert read_request({"length": "-1"}, ["id"], DEFAULT).length == MOST_ROWS
    assert read_request({"length": "999999999"}, ["id"], DEFAULT).length == MOST_ROWS


@pytest.mark.parametrize("name", ["draw", "start", "length", "order[0][column]"])
@pytest.mark.parametrize("value", ["x", "1.5", "9" * 40])
def test_an_unreadable_number_is_named(name: str, value: str) -> None:
    with pytest.raises(BadRequestError, match=name.replace("[", r"\[").replace("]", r"\]")):
        read_request({name: value}, ["id"], DEFAULT)


def test_an_unreadable_number_is_answered_with_400_and_json(site: Site, panda: datetime) -> None:
    answer = site.get(f"{TABLE}?draw=x")
    assert answer.status_code == 400
    assert json.loads(answer.content) == {"error": "draw must be an integer"}


@pytest.mark.parametrize("query", ["length=0", "start=999999", "start=-5"])
def test_a_page_outside_the_rows_is_empty_with_right_totals(site: Site, panda: datetime, query: str) -> None:
    total = site.json(f"{TABLE}?days=30")["recordsTotal"]
    answer = site.json(f"{TABLE}?days=30&{query}")
    assert answer["data"] == []
    assert answer["recordsTotal"] == answer["recordsFiltered"] == total > 0


def test_the_draw_comes_back(site: Site, panda: datetime) -> None:
    assert site.json(f"{TABLE}?draw=17")["draw"] == 17


@pytest.mark.parametrize("days", ["0", "-3"])
def test_a_window_of_no_days_is_empty(site: Site, panda: datetime, days: str) -> None:
    assert site.json(f"{TABLE}?days={days}")["recordsTotal"] <= site.json(f"{TABLE}?days=1")["recordsTotal"]


@pytest.mark.parametrize("days", ["740000", "99999999999999999999"])
def test_a_window_before_the_calendar_holds_everything(site: Site, panda: datetime, days: str) -> None:
    assert site.json(f"{TABLE}?days={days}")["recordsTotal"] == site.json(f"{TABLE}?days=3650")["recordsTotal"]


def test_days_that_are_no_number_count_as_a_week(site: Site, panda: datetime) -> None:
    assert site.json(f"{TABLE}?days=soon")["recordsTotal"] == site.json(f"{TABLE}?days=7")["recordsTotal"]
