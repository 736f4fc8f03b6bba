"""A file of alarms: written from what is here, compared with what is here, and applied whole or not at all."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swf_remote.alarms.configuring import content_of, save_alarm, save_team
from swf_remote.alarms.models import Alarm, AlarmVersion, Team
from swf_remote.alarms.transfer.document import FileError
from swf_remote.alarms.transfer.file_format import export_yaml
from swf_remote.alarms.transfer.plan import StalePlanError, read_yaml

NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
SMALL = """format: 1
alarms:
  failing_tasks:
    title: Failing tasks
    detector: task_failure_ratio
    parameters:
      threshold: 0.05
"""
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_alarms(db: None) -> None:
    Alarm.objects.all().delete()


def alarm(name: str = "failing_tasks", **fields: Any) -> Alarm:
    made = Alarm(
        **{"name": name, "title": "Failing tasks", "detector": "task_failure_ratio", "parameters": {"threshold": 0.05}}
        | fields
    )
    save_alarm(made, "alice", NOW)
    return made


def state() -> list[Any]:
    versions = AlarmVersion.objects.order_by("pk").values_list("alarm__name", "number", "content")
    return [*versions, *Team.objects.order_by("name").values_list("name", "title", "members", "version")]


def test_a_small_file_makes_an_alarm_with_every_default() -> None:
    plan = read_yaml(SMALL)
    assert [(item.name, item.what) for item in plan.items] == [("failing_tasks", "new")]
    assert not Alarm.objects.exists(), "a plan changes nothing"
    plan.apply("bob", NOW)
    made = Alarm.objects.get()
    assert (made.every_minutes, made.severity, made.enabled, made.version) == (5, "warning", True, 1)
    assert made.parameters["min_terminal_jobs"] == 5
    version = AlarmVersion.objects.get()
    assert (version.changed_by, version.changed_at, version.comment) == ("bob", NOW, "from a file")


def test_the_same_file_again_changes_nothing() -> None:
    read_yaml(SMALL).apply("bob", NOW)
    plan = read_yaml(SMALL)
    assert [item.what for item in plan.items] == ["unchanged"]
    plan.apply("bob", NOW)
    assert AlarmVersion.objects.count() == 1


def test_a_changed_field_is_shown_line_by_line() -> None:
    alarm()
    (item,) = read_yaml(SMALL.replace("0.05", "0.25")).items
    assert item.what == "changed"
    (difference,) = item.differences
    assert difference.field == "parameters"
    assert [line.sign + line.text for line in difference.lines if line.how != "same"] == [
        "-  threshold: 0.05",
        "+  threshold: 0.25",
    ]


def test_what_a_file_leaves_out_has_its_default_again() -> None:
    alarm(recipients="a@lab.example", severity="critical")
    (item,) = read_yaml(SMALL).items
    assert {difference.field for difference in item.differences} == {"recipients", "severity"}


def test_alarms_beside_the_file_stay_or_are_archived_when_asked_for() -> None:
    alarm("other")
    assert [item.what for item in read_yaml(SMALL).items] == ["new", "absent"]
    plan = read_yaml(SMALL, prune=True)
    assert [item.what for item in plan.items] == ["new", "archived"]
    plan.apply("bob", NOW)
    other = Alarm.objects.get(name="other")
    assert other.archived and other.versions.first().comment == "not in the file"
    assert [item.what for item in read_yaml(SMALL, prune=True).items] == ["unchanged", "absent"]


def test_an_alarm_that_is_not_valid_any_more_can_be_pruned() -> None:
    alarm("other")
    Alarm.objects.update(detector="gone")
    read_yaml(SMALL, prune=True).apply("bob", NOW)
    assert Alarm.objects.get(name="other").archived


def test_pruning_by_a_file_without_alarms_is_refused() -> None:
    alarm()
    with pytest.raises(FileError, match="names no alarms"):
        read_yaml("format: 1\n", prune=True)


def test_members_of_teams_are_written_only_when_asked_for_and_stay_otherwise() -> None:
    save_team(Team(name="@prodops", title="Ops", members="a@lab.example"), "alice", NOW)
    assert "a@lab.example" not in export_yaml()
    assert "a@lab.example" in export_yaml(members=True)
    text = export_yaml().replace("title: Ops", "title: Operators")
    read_yaml(text).apply("bob", NOW)
    team = Team.objects.get()
    assert (team.title, team.members, team.version) == ("Operators", "a@lab.example", 2)


def test_a_rotation_is_written_read_and_taken_away_where_the_file_has_none() -> None:
    rotation = {"rotation_days": 7, "rotation_begins": "2026-11-30 08:00"}
    save_team(Team(name="@prodops", title="Ops", members="a@lab.example", **rotation), "alice", NOW)
    text = export_yaml()
    assert "rotation_days: 7\n    rotation_begins: 2026-11-30 08:00\n" in text
    assert [item.what for item in read_yaml(text).items] == ["unchanged"]
    without = "\n".join(line for line in text.splitlines() if "rotation" not in line)
    read_yaml(without).apply("bob", NOW)
    team = Team.objects.get()
    assert (team.rotation_days, team.rotation_begins, team.members) == (0, "", "a@lab.example")
    read_yaml(text).apply("bob", NOW)
    team.refresh_from_db()
    assert (team.rotation_days, team.rotation_begins) == (7, "2026-11-30 08:00")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("rotation_days: 7", "line 3: @ops: rotation_begins: Give the day and time"),
        ("rotation_days: '7'", "line 3: @ops: rotation_days has to be a whole number"),
        ("rotation_days: 400", "line 3: @ops: rotation_days: Ensure"),
    ],
)
def test_a_rotation_that_cannot_be_is_told_with_its_line(fields: str, words: str) -> None:
    with pytest.raises(FileError, match=words):
        read_yaml(f"format: 1\nteams:\n  '@ops': {{{fields}}}\n")


def test_an_escalation_is_written_and_read() -> None:
    made = alarm(escalate_minutes=30, escalate_to="@experts/oncall")
    text = export_yaml()
    assert "escalate_minutes: 30\n    escalate_to: '@experts/oncall'\n" in text
    made.escalate_minutes, made.escalate_to = 0, ""
    save_alarm(made, "alice", NOW)
    plan = read_yaml(text)
    assert plan.warnings == ("failing_tasks: @experts/oncall: there is no such team",)
    plan.apply("bob", NOW)
    made.refresh_from_db()
    assert (made.escalate_minutes, made.escalate_to) == (30, "@experts/oncall")
    with pytest.raises(FileError, match="failing_tasks: escalate_to: Name who is told"):
        read_yaml(text.replace("'@experts/oncall'", "''"))


def test_an_owner_is_written_and_has_to_be_known() -> None:
    user = User.objects.create_user("alice")
    alarm(owner=user)
    text = export_yaml()
    assert "owner: alice" in text
    assert [item.what for item in read_yaml(text).items] == ["unchanged"]
    with pytest.raises(FileError, match=r"line \d+: failing_tasks: owner: There is no user 'mallory' here"):
        read_yaml(text.replace("owner: alice", "owner: mallory"))


def test_recipients_that_lead_nowhere_are_told_but_hinder_nothing() -> None:
    plan = read_yaml(SMALL.replace("    parameters", "    recipients: '@nobody'\n    parameters"))
    assert plan.warnings == ("failing_tasks: @nobody: there is no such team",)
    assert plan.apply("bob", NOW)


def test_a_team_of_the_same_file_counts_as_there() -> None:
    text = SMALL.replace("    parameters", "    recipients: '@ops'\n    parameters").replace(
        "alarms:", "teams:\n  '@ops': {members: a@lab.example}\nalarms:"
    )
    assert read_yaml(text).warnings == ()


def test_the_example_in_the_documentation_is_read_and_written_again() -> None:
    User.objects.create_user("alice")
    page = (Path(__file__).parents[4] / "docs" / "alarms.md").read_text()
    text = page.split("```yaml\n")[1].split("```")[0]
    plan = read_yaml(text)
    assert [(item.name, item.what) for item in plan.items] == [("@prodops", "new"), ("failing_tasks", "new")]
    plan.apply("bob", NOW)
    assert {item.what for item in read_yaml(export_yaml()).items} == {"unchanged"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("format: 1", "format: 2"), "line 1: format is 2; this reads 1"),
        (("format: 1", "format: true"), "line 1: format is True; this reads 1"),
        (("alarms:", "alarm:"), "line 2: 'alarm' is not known"),
        (("failing_tasks:", "Failing-Tasks:"), "line 3: Failing-Tasks: name: 1 to 100 of"),
        (("title: Failing tasks", "title: 2026"), "line 4: failing_tasks: title has to be a text"),
        (("title: Failing tasks", "titel: x"), "line 4: failing_tasks: 'titel' is not known"),
        (("    title: Failing tasks\n", ""), "line 3: failing_tasks: title: This field cannot be blank."),
        (("task_failure_ratio", "no_such"), "line 5: failing_tasks: detector: there is no detector"),
        (("threshold: 0.05", "threshold: 5"), "line 7: failing_tasks: parameters.threshold: 5 is not allowed"),
        (("threshold: 0.05", "treshold: 0.05"), "line 7: failing_tasks: parameters.treshold: no such parameter"),
        (
            ("    parameters", "    every_minutes: true\n    parameters"),
            "line 6: failing_tasks: every_minutes has to be",
        ),
        (("    parameters", "    every_minutes: 0\n    parameters"), "line 6: failing_tasks: every_minutes: Ensure"),
        (("    parameters", "    scope: nonsense\n    parameters"), "line 6: failing_tasks: scope: expected label"),
        (("    parameters", "    severity: dreadful\n    parameters"), "line 6: failing_tasks: severity: Value"),
        (("  failing_tasks:", "  new:"), "line 3: new: name: "),
    ],
)
def test_each_fault_is_told_with_its_line_and_nothing_is_changed(change: tuple[str, str], words: str) -> None:
    before = state()
    with pytest.raises(FileError) as caught:
        read_yaml(SMALL.replace(*change))
    assert words in str(caught.value)
    assert state() == before


def test_one_bad_alarm_among_many_hinders_all() -> None:
    bad = SMALL + SMALL[len("format: 1\nalarms:\n") :].replace("failing_tasks", "second").replace("0.05", "seven")
    with pytest.raises(FileError, match=r"second: parameters\.threshold"):
        read_yaml(bad)


def test_a_plan_is_not_applied_to_what_somebody_changed_meanwhile() -> None:
    one = alarm()
    plan = read_yaml(SMALL.replace("0.05", "0.25"))
    one.title = "Another title"
    save_alarm(one, "carol", NOW)
    before = state()
    with pytest.raises(StalePlanError):
        plan.apply("bob", NOW)
    assert state() == before
    assert read_yaml(SMALL.replace("0.05", "0.25")).fingerprint != plan.fingerprint


def test_when_saving_fails_in_the_middle_nothing_was_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = read_yaml(SMALL.replace("alarms:", "teams:\n  '@ops': {title: Ops}\nalarms:"))

    def fail(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr("swf_remote.alarms.transfer.plan.save_alarm", fail)
    with pytest.raises(OSError), transaction.atomic():
        plan.apply("bob", NOW)
    assert state() == []


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
contents = st.fixed_dictionaries(
    {
        "title": texts.filter(bool),
        "description": texts,
        "parameters": st.fixed_dictionaries(
            {"threshold": st.floats(0, 1)}, optional={"username": texts, "since_days": st.integers(1, 365)}
        ),
        "severity": st.sampled_from(["info", "warning", "critical"]),
        "recipients": texts,
        "schedule": st.sampled_from(["", "mon-fri 08:00-18:00", "22:00-06:00", "sat"]),
        "scope": st.sampled_from(["", 'site="BNL_*", user!=ops', "task=4711"]),
        "every_minutes": st.integers(1, 1440),
        "renotify_hours": st.floats(0, 10_000),
        "tell_cleared": st.booleans(),
        "enabled": st.booleans(),
        "archived": st.booleans(),
        "group_by": st.sampled_from(["", "site"]),
    }
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=40
)
@given(
    found=st.dictionaries(
        st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True).map(lambda n: f"x{n}"), contents, max_size=3
    ),
    members=texts,
)
def test_what_is_exported_imports_as_the_same(found: dict[str, dict[str, Any]], members: str) -> None:
    with transaction.atomic():
        save_team(Team(name="@ops", title="Ops", members=members), "alice", NOW)
        for name, fields in found.items():
            alarm(name, **fields)
        text = export_yaml(members=True)
        contents_before = {one.name: content_of(one) for one in Alarm.objects.all()}
        assert {item.what for item in read_yaml(text, prune=True).items} == {"unchanged"}
        Alarm.objects.all().delete()
        Team.objects.all().delete()
        read_yaml(text).apply("bob", NOW)
        assert {one.name: content_of(one) for one in Alarm.objects.all()} == contents_before
        assert Team.objects.get().members == members
        assert export_yaml(members=True) == text
        transaction.set_rollback(True)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=150
)
@given(data=st.data())
def test_any_damage_to_a_file_is_told_with_words_or_is_a_plan_and_changes_nothing(data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(SMALL) - 1))
    end = data.draw(st.integers(begin, min(begin + 20, len(SMALL))))
    pieces = st.sampled_from(
        [": ", "- ", "[", "{", "&a", "*a", "!!int", "'", '"', "|", "#", "~", "\n", "\t", "0", "<<"]
    )
    inserted = data.draw(st.lists(pieces | st.text(max_size=3), max_size=4).map("".join))
    try:
        plan = read_yaml(SMALL[:begin] + inserted + SMALL[end:])
    except FileError as error:
        assert error.faults and all(str(fault).strip() for fault in error.faults)
    else:
        assert plan.summary or not plan.items
    assert state() == []
