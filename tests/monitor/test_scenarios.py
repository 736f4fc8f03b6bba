"""A scenario played beside the monitor: at each step its REST answers show what the truth says, as a judge will ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from swf_monitor.panda import database, windows
from swf_testbed.simulation.scenarios.playing import Step, play
from swf_testbed.simulation.scenarios.truth import Fault
from tests.monitor.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.django_db, pytest.mark.timeout(300)]

SITE = "BNL_OSG_EPIC_PROD_1"
Played = Callable[[str], Iterator[Step]]


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    """Scenarios whose database the monitor reads, and whose present is the monitor's."""
    path = tmp_path / "panda.sqlite3"
    engine = database.read_only_engine(database.sqlite_url(path, read_only=True))
    monkeypatch.setattr(database, "panda_engine", lambda: engine)

    def steps(name: str) -> Iterator[Step]:
        end = datetime.fromisoformat("2026-11-26 06:00")
        small = {"step": timedelta(minutes=10), "history": timedelta(hours=9)}
        for step in play(name, f"sqlite:///{path}", end=end, first_tasks=3, **small):
            monkeypatch.setattr(windows, "utc_now", lambda now=step.now: now)
            yield step

    yield steps
    engine.dispose()


def visible(step: Step, kind: str) -> list[Fault]:
    """Faults of a kind that have become visible at this very step."""
    return [fault for fault in step.truth.faults if fault.kind == kind and fault.visible == step.now]


def test_an_idle_site_is_idle_in_the_activity_and_online_among_the_queues(site: Site, played: Played) -> None:
    step = next(step for step in played("site-outage") if visible(step, "site-idle"))
    activity = site.json("/swf-monitor/api/panda/activity/?days=1")
    (row,) = (row for row in activity["jobs"]["by_site"] if row["site"] == SITE)
    assert (row.get("running", 0), row["activated"] >= 20) == (0, True)
    queue = site.json(f"/swf-monitor/api/panda/queues/{SITE}/")
    assert queue["status"] == "online"
    errors = site.json("/swf-monitor/api/panda/errors/?days=1")["errors"]
    (count,) = (row["count"] for row in errors if (row["error_source"], row["error_code"]) == ("pilot", 1377))
    assert count >= 20
    assert step.truth.verdict("site-idle", f"site:{SITE}") == "right"


def test_a_failing_task_has_failed_inputs_in_its_own_answer(site: Site, played: Played) -> None:
    (fault, *_) = next(found for step in played("bad-release") if (found := visible(step, "task-failure-ratio")))
    task = site.json(f"/swf-monitor/api/panda/tasks/{fault.subject.removeprefix('task:')}/")
    assert task["computed_finalfailurerate"] >= 0.05
    assert task["taskname"].startswith("group.EIC.26.11.2.")


def test_a_stuck_task_keeps_its_counters_while_its_jobs_run(site: Site, played: Played) -> None:
    steps = played("stuck-task")
    (fault,) = next(found for step in steps if (found := visible(step, "task-stuck")))
    address = f"/swf-monitor/api/panda/tasks/{fault.subject.removeprefix('task:')}/"
    before = site.json(address)
    for _ in range(6):
        next(steps)
    after = site.json(address)
    assert [after[name] for name in ("nfinished", "nfailed")] == [before[name] for name in ("nfinished", "nfailed")]
    assert after["nrunning"] > 0
    assert after["status"] == "running"
