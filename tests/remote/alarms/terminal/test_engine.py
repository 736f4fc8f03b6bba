"""`tick` and `run`: the engine in a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import load_command_class
from django.db import OperationalError
from django.utils import timezone

from swf_remote.alarms.configuring import save_alarm
from swf_remote.alarms.delivery import outbox
from swf_remote.alarms.engine import running
from swf_remote.alarms.engine.tick import Engine
from swf_remote.alarms.inputs.queries import InputError
from swf_remote.alarms.management.commands.alarms import VERBS
from swf_remote.alarms.models import Alarm, Event, Lease
from tests.remote.alarms.engine.rig import task
from tests.remote.alarms.terminal.typing import alarms

FAILING = {"title": "Failing", "detector": "task_failure_ratio", "parameters": {"threshold": 0.5}, "every_minutes": 1}


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the monitor says of its tasks."""
    said: dict[str, Any] = {"tasks": (task(1, 90, timezone.now()),)}

    def engine_of(_settings: object, lease: Any) -> Engine:
        return Engine(
            ask=lambda queries, _now: dict.fromkeys(queries, said["tasks"]),
            enqueue=outbox.enqueue,
            lease=lease,
            name="here:1",
            record=lambda *_: None,
        )

    monkeypatch.setattr(running, "engine_of", engine_of)
    return said


def an_alarm_that_is_due() -> Alarm:
    Alarm.objects.update(enabled=False)
    alarm = Alarm(name="failing", **FAILING)
    save_alarm(alarm, "anna", timezone.now())
    return alarm


@pytest.mark.django_db(transaction=True)
def test_a_tick_says_what_it_did(monitor: dict[str, Any]) -> None:
    an_alarm_that_is_due()
    told = alarms("tick")
    assert told.code == 0
    assert "1 due, 1 evaluated, 0 failed, 1 matches" in told.text
    assert "failing: 1 matches; told: 1 new" in told.text
    assert Event.objects.get().fingerprint == "task:1"
    assert Lease.objects.get(name="engine").holder == "", "given back"


@pytest.mark.django_db(transaction=True)
def test_a_second_tick_in_the_same_minute_finds_nothing_due(monitor: dict[str, Any]) -> None:
    alarm = an_alarm_that_is_due()
    Alarm.objects.filter(pk=alarm.pk).update(every_minutes=1440)
    alarms("tick")
    assert alarms("tick").text == "No alarm was due.\n"
    assert alarms("tick", "--json").json["tick"] is None


@pytest.mark.django_db(transaction=True)
def test_a_tick_that_could_not_evaluate_an_alarm_says_so(monitor: dict[str, Any]) -> None:
    an_alarm_that_is_due()
    monitor["tasks"] = InputError("the tunnel is down")
    told = alarms("tick", "--json")
    assert told.code == 1
    assert told.json["tick"]["failed"] == 1
    assert told.json["tick"]["evaluations"][0]["error"] == "the tunnel is down"


@pytest.mark.django_db(transaction=True)
def test_where_another_engine_works_nothing_is_done_and_that_is_fine(monitor: dict[str, Any]) -> None:
    an_alarm_that_is_due()
    Lease.objects.create(name="engine", holder="other:7", token=1, beat=1, renewed_at=timezone.now())
    told = alarms("tick")
    assert told.code == 0
    assert "other:7" in told.text
    assert not Event.objects.exists()
    assert alarms("tick", "--json").json == {"held": False, "holder": "other:7", "tick": None}


@pytest.mark.django_db
def test_a_tick_without_a_database_fails_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_settings: object) -> object:
        raise OperationalError("gone")

    monkeypatch.setattr(running, "tick_once", refuse)
    told = alarms("tick")
    assert (told.code, told.error) == (1, "The database does not answer: gone")


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_each_verb_says_what_its_exit_code_means(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        load_command_class("swf_remote.alarms", "alarms").run_from_argv(["swf-remote", "alarms", verb, "--help"])
    assert ended.value.code == 0
    assert "Exit code:" in " ".join(capsys.readouterr().out.split())


def test_wrong_usage_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["nonsense"], ["test"], ["silence", "--hours", "1", "--until", "x"]):
        with pytest.raises(SystemExit) as ended:
            load_command_class("swf_remote.alarms", "alarms").run_from_argv(["swf-remote", "alarms", *words])
        assert ended.value.code == 2
    capsys.readouterr()


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_engine_runs_until_it_is_told_to_end(tmp_path: Path, end: signal.Signals) -> None:
    name = tmp_path / "gateway.sqlite3"
    told = {**os.environ, "SWF_REMOTE_DB_NAME": str(name)}
    program = [str(Path(sys.executable).with_name("swf-remote"))]
    subprocess.run([*program, "migrate", "--verbosity", "0"], env=told, check=True, timeout=60)
    with subprocess.Popen(
        [*program, "alarms", "run"], env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as engine:
        try:
            assert engine.stdout
            assert "runs" in engine.stdout.readline()
            _until_it_holds_the_lease(name)
            engine.send_signal(end)
            rest, _ = engine.communicate(timeout=60)
        finally:
            engine.kill()
    assert engine.returncode == 0, rest
    assert "The engine of the alarms has ended." in rest.splitlines()
    assert _holder(name) == "", "others need not wait"


def _until_it_holds_the_lease(name: Path) -> None:
    end = time.monotonic() + 60
    while not _holder(name):
        assert time.monotonic() < end
        time.sleep(0.1)


def _holder(name: Path) -> str:
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(name) as database:
        row = database.execute("SELECT holder FROM alarms_lease WHERE name = 'engine'").fetchone()
    return str(row[0]) if row else ""
