"""Alarms as files by REST."""

from __future__ import annotations

import pytest

from swf_remote.alarms.models import Alarm, AlarmVersion, Team
from tests.remote.alarms.rest.asking import Person
from tests.remote.alarms.rows import an_alarm

pytestmark = pytest.mark.django_db
FILE = b"""\
format: 1
alarms:
  failing:
    title: Failing tasks
    detector: task_failure_ratio
    parameters:
      threshold: 0.5
"""


def test_a_dry_run_tells_what_would_change_and_changes_nothing(staff: Person) -> None:
    told = staff.post("import/?dry_run=true", FILE).json
    assert told["saved"] is False
    assert ("alarm", "failing", "new") in [(one["kind"], one["name"], one["what"]) for one in told["items"]]
    assert not Alarm.objects.filter(name="failing").exists()


def test_a_file_is_taken_over_and_comes_back_the_same(staff: Person) -> None:
    assert staff.post("import/", FILE).json["saved"] is True
    assert AlarmVersion.objects.get(alarm__name="failing").changed_by == "stella"
    exported = staff.get("export/")
    assert exported.headers["Content-Type"] == "application/yaml; charset=utf-8"
    again = staff.post("import/?dry_run=true", exported.content).json
    assert {one["what"] for one in again["items"]} == {"unchanged"}


def test_owners_get_their_own_alarms_alone(otto: Person) -> None:
    an_alarm("mine", owner=otto.user)
    an_alarm("others", webhooks="json https://chat.example/hooks/secret")
    text = otto.get("export/").content
    assert b"mine:" in text
    assert b"secret" not in text


@pytest.mark.parametrize("members", ["true", "false"])
def test_members_are_in_the_file_only_where_asked_for(staff: Person, members: str) -> None:
    Team.objects.create(name="@ops", members="a@epic.example", version=1)
    assert (b"a@epic.example" in staff.get(f"export/?members={members}").content) is (members == "true")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (FILE.replace(b"0.5", b"7"), "application/yaml", 422),
        (b"alarms: [", "application/yaml", 422),
        (b"\xff", "application/yaml", 400),
        (FILE, "application/json", 415),
        (b"#" * 2_100_000, "application/yaml", 413),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(staff: Person, body: bytes, kind: str, status: int) -> None:
    reply = staff.ask("POST", "import/", body, Content_Type=kind)
    assert reply.status == status
    assert not Alarm.objects.filter(name="failing").exists()


def test_faults_of_a_file_name_the_line(staff: Person) -> None:
    reply = staff.post("import/", FILE.replace(b"0.5", b"7"))
    assert [one["field"] for one in reply.json["faults"]] == ["line 7"]
