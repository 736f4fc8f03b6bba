"""`acknowledge`, `silence`, `import` and `export`."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from swf_remote.alarms.configuring import save_alarm
from swf_remote.alarms.models import Alarm, AlarmVersion, Change, Event, Silence, State, Team
from tests.remote.alarms.rows import an_alarm, an_event
from tests.remote.alarms.terminal.typing import alarms
from tests.remote.alarms.transfer.today_tables import as_sqlite, history

pytestmark = pytest.mark.django_db
FILE = """\
format: 1
teams:
  "@ops":
    title: Operators
alarms:
  failing:
    title: Failing tasks
    detector: task_failure_ratio
    parameters:
      threshold: 0.5
"""


def test_events_are_acknowledged_with_who_and_why() -> None:
    event = an_event(an_alarm("failing"), "task:1", {})
    told = alarms("acknowledge", event.pk, "--note", "disk full", "--by", "anna")
    assert (told.code, told.text) == (0, f"{event.pk}: acknowledged\n")
    change = Change.objects.get()
    assert (change.by, change.text) == ("anna", "disk full")
    assert alarms("acknowledge", event.pk, "--withdraw").code == 0
    assert Event.objects.get().state == State.FIRING


def test_what_cannot_be_acknowledged_does_not_keep_the_others_from_it() -> None:
    alarm = an_alarm("failing")
    over, open_ = an_event(alarm, "task:1", {}, state=State.RESOLVED), an_event(alarm, "task:2", {})
    told = alarms("acknowledge", "none", over.pk, open_.pk)
    assert told.code == 1
    assert "there is no such event" in told.text
    assert Event.objects.get(pk=open_.pk).state == State.ACKNOWLEDGED


def test_a_silence_begins_and_ends() -> None:
    made = alarms("silence", "site=BNL", "--reason", "maintenance", "--hours", "2", "--by", "anna", "--json").json
    silence = Silence.objects.get(pk=made["id"])
    assert (silence.created_by, silence.ends_at - silence.starts_at) == ("anna", timedelta(hours=2))
    assert "site=BNL" in alarms("silence", "--list").text
    assert alarms("silence", "--end", silence.pk).code == 0
    assert alarms("silence", "--list").text == "Nothing is silenced.\n"


def test_a_silence_lasts_until_a_time_in_utc() -> None:
    until = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    alarms("silence", "site=BNL", "--reason", "x", "--until", until.replace(tzinfo=None).isoformat())
    assert Silence.objects.get().ends_at == until


@pytest.mark.parametrize(
    "words",
    [
        ("site=BNL",),
        ("--reason", "x"),
        ("site", "--reason", "x"),
        ("site=BNL", "--reason", "x", "--hours", "0"),
        ("site=BNL", "--reason", "x", "--hours", "nan"),
        ("site=BNL", "--reason", "x", "--hours", "1e300"),
        ("site=BNL", "--reason", "x", "--until", "tomorrow"),
        ("site=BNL", "--reason", "x", "--until", "2020-01-01"),
        ("--end", "none"),
    ],
)
def test_a_silence_that_cannot_be_is_wrong_usage(words: tuple[str, ...]) -> None:
    told = alarms("silence", *words)
    assert (told.code, bool(told.error)) == (2, True)
    assert not Silence.objects.exists()


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "alarms.yaml"
    path.write_text(FILE)
    return str(path)


def test_a_dry_run_says_what_would_change_and_changes_nothing(file: str) -> None:
    told = alarms("import", file, "--dry-run")
    assert told.code == 1
    assert "new alarm failing" in told.text
    assert not Alarm.objects.filter(name="failing").exists()
    alarms("import", file)
    assert alarms("import", file, "--dry-run").code == 0


def test_a_file_is_taken_over_by_name(file: str) -> None:
    assert alarms("import", file, "--by", "anna").code == 0
    assert AlarmVersion.objects.get(alarm__name="failing").changed_by == "anna"
    assert Team.objects.get().name == "@ops"


def test_a_file_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FILE.encode())))
    assert alarms("import", "-").code == 0
    assert Alarm.objects.filter(name="failing").exists()


def test_pruning_archives_what_the_file_does_not_name(file: str) -> None:
    other = Alarm(name="other", title="x", detector="task_failure_ratio", parameters={"threshold": 0.1})
    save_alarm(other, "anna", timezone.now())
    alarms("import", file)
    assert not Alarm.objects.get(name="other").archived
    alarms("import", file, "--prune")
    assert Alarm.objects.get(name="other").archived


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"format: 2\n", "format"),
        (b"alarms: [", "line"),
        (b"\xff", "UTF-8"),
        (FILE.replace("0.5", "7").encode(), "threshold"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_line_by_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    told = alarms("import", str(path))
    assert told.code == 2
    assert words in told.error
    assert not Alarm.objects.filter(name="failing").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert alarms("import", str(tmp_path / "none.yaml")).code == 2


def test_what_is_exported_comes_back_the_same(tmp_path: Path, file: str) -> None:
    alarms("import", file)
    goal = tmp_path / "out.yaml"
    assert alarms("export", "-o", str(goal)).code == 0
    assert goal.read_text() == alarms("export").text
    assert goal.stat().st_mode & 0o077 == 0, "it names people"
    assert alarms("import", str(goal), "--dry-run").code == 0


def test_an_export_into_no_folder_is_told(tmp_path: Path) -> None:
    told = alarms("export", "-o", str(tmp_path / "none" / "out.yaml"))
    assert (told.code, bool(told.error)) == (1, True)


@pytest.mark.parametrize("members", [True, False])
def test_members_of_teams_are_exported_only_where_asked_for(members: bool) -> None:
    Team.objects.create(name="@ops", members="a@epic.example", version=1)
    text = alarms("export", *(["--members"] if members else [])).text
    assert ("a@epic.example" in text) is members


def test_who_does_it_is_who_runs_the_command(monkeypatch: Any) -> None:
    monkeypatch.setenv("LOGNAME", "paula")
    event = an_event(an_alarm("failing"), "task:1", {})
    alarms("acknowledge", event.pk)
    assert Change.objects.get().by == "paula"


def test_todays_tables_are_taken_over_with_a_dry_run_before(tmp_path: Path) -> None:
    where = as_sqlite(history(), tmp_path)
    before = Alarm.objects.count()
    told = alarms("import", "--today", where, "--dry-run")
    assert (told.code, Alarm.objects.count()) == (1, before)
    assert "would be taken over" in told.text
    taken = alarms("import", "--today", where, "--json")
    assert (taken.code, taken.json["new"]["alarms"] > 0) == (0, True)
    assert Event.objects.exists()
    assert alarms("import", "--today", where, "--dry-run").code == 0


def test_tables_that_are_not_there_are_told(tmp_path: Path) -> None:
    told = alarms("import", "--today", str(tmp_path / "none"))
    assert (told.code, bool(told.error)) == (2, True)


def test_a_file_and_todays_tables_are_two_things(file: str) -> None:
    assert alarms("import", file, "--today", file).code != 0
    assert alarms("import", "--today", file, "--prune").code == 2
