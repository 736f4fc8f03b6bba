"""Campaigns, patterns and preparations."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.alarms.detecting.patterns import matcher
from swf_remote.alarms.detecting.prepared import OncePerAnswer
from swf_remote.alarms.detecting.subjects import campaign_of, percent


@pytest.mark.parametrize(
    ("name", "campaign"),
    [
        ("group.EIC.26.02.0.epic_craterlake.p3001.e1.s1.r1", "26.02.0"),
        ("group.EIC.26.07.1.epic_craterlake.p1141.e37.s1.r1.45to135deg.try2", "26.07.1"),
        ("group.EIC.26.07.12.epic/", "26.07.12"),
        ("group.EIC.6b2f9f0e-1111-2222-3333-444455556666", ""),
        ("group.EIC.26.13.0.epic", ""),
        ("user.bob.10.12.0.5.test", "10.12.0"),
        ("swf.101234.processed", ""),
        ("DIS.NC.10x100.minQ2-1", ""),
        ("", ""),
    ],
)
def test_the_campaign_is_read_from_the_name(name: str, campaign: str) -> None:
    assert campaign_of(name) == campaign


@given(st.text(alphabet="ab%_\\.", max_size=8), st.text(alphabet="ab_.\\%", max_size=8))
def test_patterns_mean_what_like_means(pattern: str, name: str) -> None:
    if not pattern:
        return
    if "%" not in pattern:
        assert matcher(pattern)(name) is (name == pattern)
        return
    expression, rest = "", iter(pattern)
    for character in rest:
        if character == "\\":
            expression += re.escape(next(rest, "\\"))
        else:
            expression += {"%": ".*", "_": "."}.get(character) or re.escape(character)
    assert matcher(pattern)(name) is (re.fullmatch(expression, name, re.DOTALL) is not None)


def test_a_hostile_pattern_takes_linear_time() -> None:
    begin = time.process_time()
    assert not matcher("%a" * 90 + "%b")("a" * 100_000)
    assert time.process_time() - begin < 5


def test_preparations_are_made_once_an_answer_and_forgotten_after_a_few() -> None:
    made: list[int] = []

    def count(answer: tuple[int, ...], *, by: int) -> int:
        made.append(by)
        return len(answer) * by

    once = OncePerAnswer(count, most=2)
    first, equal = (1, 2), tuple([1, 2])  # noqa: C409 - another object
    assert [once(first, by=3), once(first, by=3), once(first, by=4), once(equal, by=3)] == [6, 6, 8, 6]
    assert made == [3, 4, 3]
    assert once(first, by=3) == 6
    assert made == [3, 4, 3, 3]


@pytest.mark.parametrize(
    ("share", "words"), [(0.124, "12.4 %"), (0.05, "5 %"), (0, "0 %"), (1, "100 %"), (0.0012, "0.12 %")]
)
def test_percentages_are_short(share: float, words: str) -> None:
    assert percent(share) == words
