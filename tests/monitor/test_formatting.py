"""How values look (contract 3.7, 4.5; PanDA's 1970 means not set)."""

from __future__ import annotations

from datetime import datetime
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_monitor.panda import formatting

MOMENT = datetime(2026, 11, 20, 9, 5, 7, 123456)  # noqa: DTZ001 - PanDA's times have no zone


def test_a_time_is_digits_without_zone() -> None:
    assert formatting.stamp(MOMENT) == "20261120 09:05:07"


@pytest.mark.parametrize("moment", [None, datetime(1970, 1, 1)])  # noqa: DTZ001
def test_a_time_that_is_not_set_is_empty(moment: datetime | None) -> None:
    assert formatting.stamp(moment) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "0s"),
        (42, "42s"),
        (750, "12.5m"),
        (7199, "120.0m"),
        (7200, "2.0h"),
        (12240, "3.4h"),
        (181440, "2.1d"),
    ],
)
def test_durations_in_lists_have_one_unit(seconds: float | None, words: str) -> None:
    assert formatting.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "\u2013"), (5, "5 s"), (250, "4 min 10 s"), (3600, "1 h"), (183600, "2 d 3 h")],
)
def test_durations_in_details_have_two(seconds: float | None, words: str) -> None:
    assert formatting.long_duration(seconds) == words


def test_a_span_that_runs_backwards_or_lacks_an_end_is_none() -> None:
    later = datetime(2026, 11, 20, 10, 0, 0)  # noqa: DTZ001
    assert formatting.between(later, MOMENT) is None
    assert formatting.between(MOMENT, None) is None
    assert formatting.between(datetime(1970, 1, 1), MOMENT) is None  # noqa: DTZ001
    assert formatting.between(MOMENT, later) == pytest.approx(3292.876544)


@pytest.mark.parametrize(("rate", "words"), [(None, ""), (0.0, "0.0%"), (0.188, "18.8%"), (1.0, "100.0%")])
def test_rates_have_one_decimal(rate: float | None, words: str) -> None:
    assert formatting.percent(rate) == words


@pytest.mark.parametrize(
    ("octets", "words"),
    [(None, "\u2013"), (0, "0 B"), (999, "999 B"), (1500, "1.50 kB"), (123_456_789, "123 MB"), (999_600, "1.00 MB")],
)
def test_sizes_have_three_digits(octets: int | None, words: str) -> None:
    assert formatting.size(octets) == words


def test_empty_parameters_are_left_out_of_addresses() -> None:
    assert formatting.with_query("/x/", {"a": "1 2", "b": None, "c": ""}) == "/x/?a=1+2"
    assert formatting.with_query("/x/", {"b": None}) == "/x/"


class _Cell(HTMLParser):
    """Collects tags, the link's address and the text of a cell as a browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.href = ""
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.href = dict(attrs).get("href") or self.href

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(), st.text())
def test_whatever_panda_stored_comes_out_of_a_link_as_it_went_in(text: str, value: str) -> None:
    cell = _Cell()
    cell.feed(formatting.cell_link(formatting.with_query("/x/", {"v": value}), text, title=text))
    cell.close()
    assert cell.tags == ["a"]
    assert unescape(cell.text).replace("\r", "\n") == text.replace("\r", "\n")


@given(st.text(min_size=1))
def test_whatever_word_is_a_state_stays_one_fill(word: str) -> None:
    cell = _Cell()
    cell.feed(formatting.status_cell(word, "/x/"))
    cell.close()
    assert cell.tags == ["a", "span"]
