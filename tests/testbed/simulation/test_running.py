"""Running on: from the tables alone, in real time, through pauses, kills and speed changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from swf_testbed.simulation import running
from swf_testbed.simulation.running import CannotRunError, Live, present
from swf_testbed.simulation.storage import database, marks
from swf_testbed.simulation.storage.reader import read_world
from tests.testbed.simulation import worlds
from tests.testbed.simulation.panda_rules import violations

pytestmark = pytest.mark.slow


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database whose history ends now."""
    return worlds.make(tmp_path / "panda.sqlite3", number=2, now=present(), hours=5)


def live(path: Path) -> Live:
    engine = database.open_engine(database.parsed(worlds.url(path)))
    with engine.begin() as connection:
        notes = marks.read_marks(connection)
        assert notes is not None
        return Live(engine, read_world(connection, notes), notes)


def test_a_world_read_back_from_the_tables_goes_on_by_the_rules(tmp_path: Path) -> None:
    path = worlds.make(tmp_path / "panda.sqlite3", number=3, hours=4)
    until = worlds.NOW
    for hours in (0.5, 3, 5):
        again = live(path)
        until += timedelta(hours=hours)
        again.step(until)
        assert violations(worlds.tables(path), until) == []


def test_a_restart_changes_nothing_about_the_fate_of_jobs(tmp_path: Path) -> None:
    path = worlds.make(tmp_path / "panda.sqlite3", number=8, hours=6)
    one = live(path)
    before = {
        job.row["pandaid"]: (job.state, job.plan) for task in one.world.tasks.values() for job in task.jobs.values()
    }
    read = live(path)
    after = {
        job.row["pandaid"]: (job.state, job.plan) for task in read.world.tasks.values() for job in task.jobs.values()
    }
    assert before == after
    assert len(before) > 30


def test_speed_shortens_durations_and_leaves_the_clock_alone(tmp_path: Path) -> None:
    path = worlds.make(tmp_path / "panda.sqlite3", number=2, hours=5)
    until = worlds.NOW + timedelta(minutes=2)
    fast = live(path)
    fast.world.change_speed(120)
    fast.step(until)
    new = worlds.number(path, "SELECT count(*) FROM jobs_statuslog WHERE modificationtime > ?", "2026-11-24 12:00:00")
    assert new > 300
    assert worlds.number(path, "SELECT max(modificationtime) FROM jobs_statuslog") <= until.isoformat(
        " ", "microseconds"
    )
    assert violations(worlds.tables(path), until) == []


def test_times_are_never_in_the_future_and_the_harvesters_report(path: Path) -> None:
    stop = threading.Event()
    begin = present()
    threading.Timer(1.5, stop.set).start()
    running.run(database.parsed(worlds.url(path)), 60, stop)
    beat = datetime.fromisoformat(worlds.number(path, "SELECT min(lastupdate) FROM harvester_instances"))
    assert begin <= beat <= present()
    assert violations(worlds.tables(path), present()) == []


def test_speed_zero_changes_nothing_but_the_heartbeat(path: Path) -> None:
    frozen = [line for line in worlds.dump(path).splitlines() if "harvester_instances" not in line]
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    begin = present()
    running.run(database.parsed(worlds.url(path)), 0, stop)
    assert [line for line in worlds.dump(path).splitlines() if "harvester_instances" not in line] == frozen
    assert worlds.number(path, "SELECT min(lastupdate) FROM harvester_instances") >= begin.isoformat(" ")


def test_a_pause_is_caught_up(tmp_path: Path) -> None:
    path = worlds.make(tmp_path / "panda.sqlite3", number=2, now=present() - timedelta(hours=7), hours=3)
    paused = live(path)
    paused.catch_up(threading.Event())
    assert present() - paused.world.now <= running.GAP
    hours = {row[0] for row in worlds.rows(path, "SELECT DISTINCT substr(modificationtime, 1, 13) FROM jobs_statuslog")}
    assert len(hours) >= 10


def test_two_simulations_on_one_database_are_one_too_many(path: Path) -> None:
    one, two = live(path), live(path)
    one.step(present())
    with pytest.raises(CannotRunError, match="another simulation"):
        two.step(present())


def test_a_database_without_a_complete_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRunError, match="seed first"):
        running.run(database.parsed(worlds.url(tmp_path / "none.sqlite3")), 1, threading.Event())


def test_a_file_without_panda_tables_is_refused_and_not_tried_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite3"
    path.touch()
    with pytest.raises(CannotRunError, match="seed first"):
        running.run(database.parsed(worlds.url(path)), 1, threading.Event())


def start(path: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from swf_testbed.simulation.commands import run; run()"]
    return subprocess.Popen([*command, "--database", worlds.url(path), *more])


def wait_for_progress(path: Path, mark: str) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        now = worlds.number(path, "SELECT value FROM config WHERE key = 'simulated_until'")
        if now != mark:
            return str(now)
        time.sleep(0.02)
    raise AssertionError("the simulation does not move")


def test_killed_at_any_moment_the_tables_are_whole_and_sigterm_ends_it_quickly(path: Path) -> None:
    mark = str(worlds.number(path, "SELECT value FROM config WHERE key = 'simulated_until'"))
    process = start(path, "--speed", "200")
    try:
        mark = wait_for_progress(path, wait_for_progress(path, mark))
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert violations(worlds.tables(path), present()) == []
    process = start(path, "--speed", "5")
    try:
        wait_for_progress(path, mark)
    finally:
        begin = time.monotonic()
        process.terminate()
        code = process.wait(10)
    assert time.monotonic() - begin < 2
    assert code == 0
    assert violations(worlds.tables(path), present()) == []
