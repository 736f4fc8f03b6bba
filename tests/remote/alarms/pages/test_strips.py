"""Strips and figures of what fired: pure, so every case can be written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.alarms.pages.noise import noise
from swf_remote.alarms.pages.spans import Span, Spans
from swf_remote.alarms.pages.strips import WIDTH, Bar, Strip, Window, gaps

BEGIN = datetime(2026, 11, 28, tzinfo=UTC)
DAY = Window(BEGIN, BEGIN + timedelta(hours=10))


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def span(begin: float, end: float | None, acknowledged: float | None = None, *, flapping: bool = False) -> Span:
    return Span(
        "a", at(begin), None if end is None else at(end), None if acknowledged is None else at(acknowledged), flapping
    )


@pytest.mark.parametrize(
    ("spans", "bars"),
    [
        ([], ()),
        ([span(1, 2)], (Bar(100, 100, "firing"),)),
        ([span(1, None)], (Bar(100, 900, "firing"),)),
        ([span(-5, 1)], (Bar(0, 100, "firing"),)),
        ([span(-5, -1)], ()),
        ([span(1, 4, 2)], (Bar(100, 100, "firing"), Bar(200, 200, "acknowledged"))),
        ([span(1, 2), span(1.5, 3)], (Bar(100, 200, "firing"),)),
        (
            [span(1, 5, 1), span(2, 3)],
            (
                Bar(100, 4, "firing"),
                Bar(104, 96, "acknowledged"),
                Bar(200, 100, "firing"),
                Bar(300, 200, "acknowledged"),
            ),
        ),
        ([span(5, 5)], (Bar(500, 4, "firing"),)),
        ([span(10, 10)], (Bar(996, 4, "firing"),)),
    ],
)
def test_bars(spans: list[Span], bars: tuple[Bar, ...]) -> None:
    assert DAY.bars(spans) == bars


hours = st.floats(-30, 30)


@given(st.lists(st.tuples(hours, st.none() | hours, st.none() | hours), max_size=20))
def test_bars_never_overlap_nor_leave_the_strip(found: list[tuple[float, float | None, float | None]]) -> None:
    end = 0
    for bar in DAY.bars([span(*one) for one in found]):
        assert bar.x >= end and bar.width > 0
        end = bar.x + bar.width
    assert end <= WIDTH


def test_a_strip_is_drawn_as_one_path_for_each_look() -> None:
    strip = Strip("a", "", DAY.bars([span(1, 4, 2), span(6, 7)]), "2 events")
    assert strip.firing == "M100 0h100v16h-100zM600 0h100v16h-100z"
    assert strip.acknowledged == "M200 5h200v6h-200z"
    assert DAY.unseen([(at(0), at(1))]) == "M0 0h100v16h-100z"


def test_gaps_between_ticks_are_where_nobody_looked() -> None:
    patience = timedelta(hours=1)
    assert gaps([], at(0), at(10), patience) == [(at(0), at(10))]
    assert gaps([at(1), at(2), at(5), at(9.5)], at(0), at(10), patience) == [(at(2), at(5)), (at(5), at(9.5))]


def test_figures_of_a_window() -> None:
    rows = [span(-2, 1), span(1, 2, 1.5), span(2, 8, flapping=True), span(9, None)]
    found = noise(Spans(rows, at(0), complete=True), at(48))
    assert (found.events, found.firings, found.acknowledged, found.flapping) == (4, 3, 1, 1)
    assert found.per_day == 1.5
    assert found.lasted == timedelta(hours=3)
    assert found.share_acknowledged == "33.3 % (1 of 3)"


def test_figures_of_nothing() -> None:
    found = noise(Spans([], at(0), complete=True), at(24))
    assert (found.rate, found.share_acknowledged, found.lasted) == ("0", "\N{EN DASH}", None)
