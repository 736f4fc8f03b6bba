"""Where lines and areas run, what stands on the axes, and the finding in words."""

from __future__ import annotations

import re

import pytest

from swf_remote.edge import metrics
from swf_remote.status.hour import Hour
from swf_remote.status.plots import HEIGHT, WIDTH, Plot, plots_of
from tests.remote.status.hours import Counting

RESULTS = ("hit", "coalesced", "stale", "miss", "bypass")


def plot(hour: Hour, key: str) -> Plot:
    return next(one for one in plots_of(hour) if one.key == key)


def heights(path: str) -> list[int]:
    """Of the corners of a line."""
    return [int(y) for _, y in re.findall(r"(\d+) (\d+)", path)]


def busy(steps: int = 30) -> Counting:
    counting = Counting().step()
    for _ in range(steps):
        counting.requests("hit", 60).requests("miss", 40, seconds=0.2).looks(2, 0.08).streams(3).step()
    return counting


def test_nothing_known_is_said_in_words_and_draws_nothing() -> None:
    for one in plots_of(Counting().hour()):
        assert one.finding
        assert not [series.path for series in (*one.areas, *one.lines) if series.path]
        assert len(one.hours) == 5 and one.hours[-1].endswith(" UTC")


def test_requests_are_stacked_by_what_the_cache_did() -> None:
    requests = plot(busy().hour(), "requests")
    drawn = {series.name: series for series in requests.areas if series.path}
    assert list(drawn) == ["from the cache", "asked for and kept"]
    assert drawn["from the cache"].latest == "6/s"
    assert requests.ticks == ("10/s", "5/s", "0")
    assert requests.finding.startswith("10 per second on average, at most 10 ")


def test_an_area_lies_on_the_one_below_it() -> None:
    requests = plot(busy().hour(), "requests")
    lower, upper = (series for series in requests.areas if series.path)
    assert f"V{HEIGHT - 120}" in lower.path or f" {HEIGHT - 120}" in lower.path
    assert f" {HEIGHT - 200}" in upper.path
    assert upper.edge.startswith("M") and f" {HEIGHT - 120}H" in upper.edge
    assert lower.edge == "", "the lowest lies on the axis"


def test_the_hit_ratio_runs_between_0_and_100() -> None:
    ratio = plot(busy().hour(), "ratio")
    assert ratio.ticks == ("100 %", "50 %", "0 %")
    assert set(heights(ratio.lines[0].path)) == {HEIGHT - 120}
    assert ratio.finding == "60.0 % (1,800 of 3,000) cost the link nothing."


def test_answer_times_are_on_a_logarithmic_axis_with_units() -> None:
    answers = plot(busy().hour(), "answers")
    assert answers.ticks == ("1 s", "100 ms", "10 ms", "1 ms")
    assert [series.name.split(",")[0] for series in answers.lines] == ["p50", "p95", "p99"]
    half, most, _ = (heights(series.path)[-1] for series in answers.lines)
    assert most < half, "more time stands higher"
    assert "ms" in answers.finding


def test_axes_have_as_many_grid_lines_as_ticks() -> None:
    for one in plots_of(busy().hour()):
        assert len(one.grid) == len(one.ticks)
        assert (one.grid[0], one.grid[-1]) == (0, HEIGHT)


def test_a_gap_breaks_every_line() -> None:
    counting = busy(12).skip(9)
    for _ in range(12):
        counting.requests("hit", 60).looks(1, 0.08).step()
    hour = counting.hour()
    for key in ("ratio", "answers", "link", "streams", "problems"):
        for series in plot(hour, key).lines:
            assert series.path.count("M") == 2, (key, series.name)


def test_a_step_that_stands_alone_can_be_seen() -> None:
    counting = Counting().step(4).requests("hit", 5).step().step(6)
    assert plot(counting.hour(), "ratio").lines[0].path.endswith("h.1")


def test_the_time_without_link_is_a_band_and_a_sentence() -> None:
    counting = busy(10).link("tunnel").step(12).link("nothing").step(3)
    link = plot(counting.hour(), "link")
    assert link.down and all(band.start + band.width <= WIDTH for band in link.down)
    assert sum(band.width for band in link.down) in (4, 5)
    assert link.finding.startswith("The monitor could not be reached for 2 min in all.")
    assert not plot(busy().hour(), "link").down


def test_failures_are_counted_and_drawn_for_a_minute() -> None:
    counting = busy(3).count(metrics.PROBLEMS, "failed", by=2).count(metrics.PROBLEMS, "refused", by=7).step()
    problems = plot(counting.hour(), "problems")
    assert problems.finding == "2 requests failed, 7 were refused."
    assert [series.name for series in problems.lines] == ["failed", "refused"]


@pytest.mark.parametrize(("most", "tick"), [(0, "1"), (1, "1"), (3, "5"), (30, "50"), (51, "100"), (1200, "2,000")])
def test_an_axis_ends_at_a_round_number(most: int, tick: str) -> None:
    counting = Counting().step().streams(most).step()
    assert plot(counting.hour(), "streams").ticks[0] == tick
