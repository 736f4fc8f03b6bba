"""Badges of firing alarms: a line for each page whose thing has one, made of escaped words, found without waiting."""

from __future__ import annotations

import re

import pytest

from swf_remote.alarms.badges import SEVERITIES, Badges, Firing

EVENT = "/prod/alarms/events/5c0f/"


def words(line: bytes) -> str:
    """What a reader sees of it."""
    return " ".join(re.sub("<[^>]+>", " ", line.decode()).split())


def test_nothing_is_shown_where_nothing_fires() -> None:
    badges = Badges()
    assert badges.fill("task", "4711") == badges.fill("tasks", "") == b""
    badges.replace({("task", "4711"): Firing(1, "warning", EVENT)})
    assert badges.fill("task", "4712") == badges.fill("queue", "4711") == b""


@pytest.mark.parametrize(
    ("slot", "count", "severity", "seen"),
    [
        ("task", 1, "critical", "Critical : 1 alarm fires for this task"),
        ("task", 3, "warning", "Warning : 3 alarms fire for this task"),
        ("queue", 1, "info", "Info : 1 alarm fires for this queue"),
    ],
)
def test_a_line_has_a_shape_a_word_a_number_and_a_link(slot: str, count: int, severity: str, seen: str) -> None:
    badges = Badges()
    badges.replace({(slot, "x"): Firing(count, severity, EVENT)})
    line = badges.fill(slot, "x")
    assert words(line) == seen
    assert b"<svg" in line
    assert f'href="{EVENT}"'.encode() in line


@pytest.mark.parametrize(
    ("number", "acknowledged", "seen"),
    [(1, 1, "1 alarm fires for this task, acknowledged"), (3, 2, "3 alarms fire for this task, 2 acknowledged")],
)
def test_a_line_says_that_somebody_looks_after_it(number: int, acknowledged: int, seen: str) -> None:
    badges = Badges()
    badges.replace({("task", "1"): Firing(number, "warning", EVENT, acknowledged)})
    assert words(badges.fill("task", "1")) == f"Warning : {seen}"


def test_a_new_state_takes_the_place_of_the_old_one() -> None:
    badges = Badges()
    badges.replace({("task", "1"): Firing(1, "info", EVENT), ("task", "2"): Firing(1, "info", EVENT)})
    badges.replace({("task", "2"): Firing(2, "info", EVENT)})
    assert badges.fill("task", "1") == b""
    assert "2 alarms" in words(badges.fill("task", "2"))


def test_what_fires_for_nothing_is_no_badge() -> None:
    badges = Badges()
    badges.replace({("task", "1"): Firing(0, "critical", EVENT)})
    assert badges.fill("task", "1") == badges.fill("tasks", "") == b""


def test_a_page_of_all_tasks_tells_how_many_of_them_have_firing_alarms_and_how_bad_the_worst_is() -> None:
    badges = Badges()
    badges.replace({("task", "1"): Firing(5, "info", EVENT), ("queue", "BNL"): Firing(1, "critical", EVENT)})
    assert words(badges.fill("tasks", "")) == "Info : 1 task has a firing alarm"
    badges.replace({("task", "1"): Firing(5, "info", EVENT), ("task", "2"): Firing(1, "warning", EVENT)})
    assert words(badges.fill("tasks", "")) == "Warning : 2 tasks have firing alarms"
    assert b'href="/prod/alarms/"' in badges.fill("tasks", "")


def test_no_word_or_address_becomes_markup() -> None:
    badges = Badges()
    badges.replace({("<b>", "1"): Firing(1, "<i>bad", '/prod/alarms/"><script>x</script>')})
    line = badges.fill("<b>", "1")
    assert not re.search(rb"<(?:script|b>|i>)", line)
    assert b"&lt;script&gt;" in line


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("severity", [*SEVERITIES, "unheard-of"])
def test_its_words_can_be_read_on_any_page(severity: str) -> None:
    badges = Badges()
    badges.replace({("task", "1"): Firing(1, severity, EVENT)})
    line = badges.fill("task", "1").decode()
    ground, ink, edge = re.findall("#[0-9a-f]{6}", line)
    dark, light = sorted((luminance(ground), luminance(ink)))
    assert (light + 0.05) / (dark + 0.05) >= 4.5
    dark, light = sorted((luminance(ground), luminance(edge)))
    assert (light + 0.05) / (dark + 0.05) >= 3
