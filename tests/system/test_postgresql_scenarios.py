"""A night with a known truth is the same night on PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from swf_testbed.simulation.scenarios.playing import play
from swf_testbed.simulation.scenarios.truth import Truth
from tests.system.postgresql import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

END = datetime.fromisoformat("2026-11-26 06:00")


def truths(address: str) -> list[Truth]:
    """The truth at each half hour until the site has been idle for a while."""
    steps = play("site-outage", address, end=END, step=timedelta(minutes=30), history=timedelta(hours=9), first_tasks=3)
    return [step.truth for step in islice(steps, 9)]


def test_both_databases_tell_the_same_truth(postgresql: Server, tmp_path: Path) -> None:
    found = truths(postgresql.url("scenario"))
    assert found == truths(f"sqlite:///{tmp_path / 'panda.sqlite3'}")
    assert {fault.kind for fault in found[-1].faults if fault.visible} >= {"site-failure-ratio", "site-idle"}
