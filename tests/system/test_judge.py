"""The recommended alarms on the testbed's nights: monitor, gateway and engine are real, only time is simulated.

Less around the story than in `make judge`, and a tick every ten minutes; the faults are the same.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tools.judge.playing import World, judged_night
from tools.judge.table import words
from tools.judge.verdicts import Night

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]


def small(name: str, folder: Path, minutes: int) -> Night:
    """The first minutes of a night."""
    world = World(timedelta(hours=9), 3, timedelta(minutes=10), timedelta(minutes=minutes))
    return judged_night(name, 1, folder, world)


@pytest.mark.parametrize(
    ("name", "minutes", "kinds"),
    [
        ("site-outage", 240, {"site-failure-ratio", "site-idle", "error-rising"}),
        ("bad-release", 160, {"campaign-failure-ratio", "error-rising", "task-failure-ratio"}),
        ("user-storm", 150, {"user-failure-ratio", "error-rising", "task-failure-ratio"}),
        ("stuck-task", 220, {"task-stuck"}),
    ],
)
def test_each_fault_is_found_within_two_ticks_and_nothing_else_is_said(
    name: str, minutes: int, kinds: set[str], tmp_path: Path
) -> None:
    night = small(name, tmp_path, minutes)
    found = night.faults()
    assert {one.fault.kind for one in found} >= kinds
    assert all(one.in_time for one in found), words(night)
    assert not [one for one in night.fired if one.verdict == "wrong"], words(night)
    assert night.messages
    assert not night.failed


def test_nothing_fires_and_nobody_is_told_on_the_quiet_night(tmp_path: Path) -> None:
    night = small("quiet-night", tmp_path, 300)
    assert not night.fired, words(night)
    assert not night.messages
    assert not night.failed
