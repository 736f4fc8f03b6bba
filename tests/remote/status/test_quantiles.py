"""Percentiles from buckets, and numbers in words."""

from __future__ import annotations

import math

import pytest

from swf_remote.status.quantiles import (
    number_in_words,
    percent,
    quantile,
    quantile_in_words,
    share_in_words,
    time_in_words,
)

UNKNOWN = "\N{EN DASH}"
BOUNDS = (0.01, 0.1, 1.0)


def test_values_count_as_spread_evenly_within_their_bucket() -> None:
    assert quantile(BOUNDS, (0, 100, 0, 0), 0.5) == pytest.approx(0.055)
    assert quantile(BOUNDS, (50, 50, 0, 0), 0.5) == pytest.approx(0.01)
    assert quantile(BOUNDS, (50, 40, 10, 0), 0.95) == pytest.approx(0.55)


def test_an_empty_histogram_has_no_percentile() -> None:
    assert quantile(BOUNDS, (0, 0, 0, 0), 0.5) is None


def test_what_lies_above_the_last_bound_is_not_guessed() -> None:
    assert quantile(BOUNDS, (1, 0, 0, 9), 0.5) == math.inf
    assert quantile_in_words(math.inf, BOUNDS) == "over 1 s"


def test_what_lies_below_the_first_bound_is_not_guessed() -> None:
    assert quantile_in_words(0.004, BOUNDS) == "under 10 ms"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, UNKNOWN), (0.0032, "3.2 ms"), (0.12, "120 ms"), (0.9996, "1 s"), (1.254, "1.25 s"), (42.0, "42 s")],
)
def test_times_have_three_digits_and_a_unit(seconds: float | None, words: str) -> None:
    assert time_in_words(seconds) == words


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 10, "0.0 %"), (10, 10, "100.0 %"), (1, 5000, "<0.1 %"), (4999, 5000, ">99.9 %"), (34, 1000, "3.4 %")],
)
def test_no_percentage_is_a_false_0_or_100(part: int, whole: int, words: str) -> None:
    assert percent(part, whole) == words


def test_a_share_has_its_counts() -> None:
    assert share_in_words(412, 1500) == "27.5 % (412 of 1,500)"
    assert share_in_words(0, 0) == UNKNOWN


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (0.254, "0.25"), (3.24, "3.2"), (12.34, "12.3"), (1240, "1,240")]
)
def test_numbers_have_as_many_digits_as_count(value: float, words: str) -> None:
    assert number_in_words(value) == words
