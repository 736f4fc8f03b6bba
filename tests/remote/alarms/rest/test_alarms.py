"""Alarms by REST: made, replaced, changed and archived, each change of the version that was seen."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from swf_remote.alarms.models import Alarm, AlarmVersion, Event, State
from swf_remote.alarms.naming import RESERVED
from tests.remote.alarms.rest.asking import Answer, Person
from tests.remote.alarms.rows import an_event

pytestmark = pytest.mark.django_db

CONTENT: dict[str, Any] = {
    "title": "Failing tasks",
    "detector": "task_failure_ratio",
    "parameters": {"threshold": 0.5},
    "recipients": "ops@epic.example",
}


@pytest.fixture
def made(otto: Person) -> Answer:
    return otto.post("", {"name": "failing", **CONTENT})


def faults(answer: Answer) -> list[str]:
    assert answer.status == 422, answer.content
    assert answer.json["outcome"] == "Nothing was changed."
    return sorted({one["field"] for one in answer.json["faults"]})


def test_a_new_alarm_is_its_makers_and_says_where_it_is(made: Answer, nobody: Person) -> None:
    assert (made.status, made.headers["Location"], made.headers["ETag"]) == (201, "/prod/api/alarms/failing/", '"1"')
    told = nobody.get("failing/")
    assert (told.json["owner"], told.json["version"], told.json["state"]) == ("otto", 1, "quiet")
    assert told.json["parameters"]["min_terminal_jobs"] == 5, "defaults are filled in"
    assert told.headers["ETag"] == '"1"'


def test_whom_it_escalates_to_is_for_the_signed_in(otto: Person, nobody: Person) -> None:
    body = {"name": "failing", **CONTENT, "escalate_minutes": 30, "escalate_to": "@experts/oncall boss@epic.example"}
    assert otto.post("", body).status == 201
    assert otto.get("failing/").json["escalate_to"] == "@experts/oncall boss@epic.example"
    told = nobody.get("failing/").json
    assert told["escalate_minutes"] == 30
    assert "escalate_to" not in told


def test_the_list_tells_how_each_alarm_fares(made: Answer, nobody: Person) -> None:
    alarm = Alarm.objects.get(name="failing")
    an_event(alarm, "task:1", {})
    an_event(alarm, "task:2", {}, state=State.ACKNOWLEDGED)
    an_event(alarm, "task:3", {}, state=State.RESOLVED)
    told = {one["name"]: one for one in nobody.get("").json["alarms"]}["failing"]
    assert (told["state"], told["events"]) == ("firing", {"pending": 0, "firing": 1, "acknowledged": 1})
    assert [one["name"] for one in nobody.get("?state=firing").json["alarms"]] == ["failing"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": "Failing!", **CONTENT}, ["name"]),
        ({**CONTENT}, ["name"]),
        ({"name": "new", **CONTENT}, ["name"]),
        ({"name": "a", "detector": "none", "title": "x"}, ["detector"]),
        ({"name": "a", **CONTENT, "escalate_minutes": 5}, ["escalate_to"]),
        ({"name": "a", **CONTENT, "parameters": {"threshold": 7}}, ["parameters.threshold"]),
        ({"name": "a", **CONTENT, "parameters": {"threshold": 0.1, "nonsense": 1}}, ["parameters.nonsense"]),
        ({"name": "a", **CONTENT, "every_minutes": "5"}, ["every_minutes"]),
        ({"name": "a", **CONTENT, "every_minutes": 0}, ["every_minutes"]),
        ({"name": "a", **CONTENT, "every_minutes": 10**30}, ["every_minutes"]),
        ({"name": "a", **CONTENT, "renotify_hours": 1e300}, ["renotify_hours"]),
        ({"name": "a", **CONTENT, "renotify_hours": 10**400}, ["renotify_hours"]),
        ({"name": "a", **CONTENT, "enabled": 1}, ["enabled"]),
        ({"name": "a", **CONTENT, "title": None}, ["title"]),
        ({"name": "a", **CONTENT, "severity": "bad"}, ["severity"]),
        ({"name": "a", **CONTENT, "scope": "site"}, ["scope"]),
        ({"name": "a", **CONTENT, "schedule": "sometimes"}, ["schedule"]),
        ({"name": "a", **CONTENT, "webhooks": "carrier-pigeon https://x.example/"}, ["webhooks"]),
        ({"name": "a", **CONTENT, "sevreity": "info"}, ["sevreity"]),
        ({"name": "a", **CONTENT, "version": 3}, ["version"]),
        ({"name": "a", **CONTENT, "owner": "stella"}, ["owner"]),
    ],
)
def test_what_is_not_allowed_is_named_by_field(otto: Person, body: object, wrong: list[str]) -> None:
    before = Alarm.objects.count()
    assert faults(otto.post("", body)) == wrong
    assert Alarm.objects.count() == before


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_no_alarm_takes_the_name_of_a_page(made: Answer, otto: Person, name: str) -> None:
    assert faults(otto.post("", {"name": name, **CONTENT})) == ["name"]
    assert faults(otto.ask("PATCH", "failing/", {"name": name}, If_Match='"1"')) == ["name"]


def test_two_alarms_have_not_one_name(made: Answer, anna: Person) -> None:
    assert faults(anna.post("", {"name": "failing", **CONTENT})) == ["name"]


def test_a_change_leaves_the_rest_as_it_is(made: Answer, otto: Person) -> None:
    otto.ask("PATCH", "failing/", {"severity": "critical", "parameters": {"since_days": 3}}, If_Match='"1"')
    alarm = Alarm.objects.get(name="failing")
    assert (alarm.severity, alarm.title, alarm.recipients) == ("critical", "Failing tasks", "ops@epic.example")
    assert (alarm.parameters["threshold"], alarm.parameters["since_days"]) == (0.5, 3)


def test_null_takes_a_value_back_to_its_default(made: Answer, otto: Person) -> None:
    otto.ask("PATCH", "failing/", {"parameters": {"since_days": 3}, "every_minutes": 7}, If_Match='"1"')
    otto.ask("PATCH", "failing/", {"parameters": {"since_days": None}, "every_minutes": None}, If_Match='"2"')
    alarm = Alarm.objects.get(name="failing")
    assert (alarm.parameters["since_days"], alarm.every_minutes, alarm.version) == (1, 5, 3)


def test_a_replacement_has_defaults_for_the_rest(made: Answer, otto: Person) -> None:
    otto.ask("PATCH", "failing/", {"every_minutes": 7}, If_Match='"1"')
    reply = otto.ask(
        "PUT", "failing/", {key: CONTENT[key] for key in ("title", "detector", "parameters")}, If_Match='"2"'
    )
    assert (reply.status, reply.json["every_minutes"], reply.json["recipients"]) == (200, 5, "")
    assert faults(otto.ask("PUT", "failing/", {"title": "x"}, If_Match='"3"')) == ["detector"]


def test_put_makes_what_is_not_there(anna: Person) -> None:
    reply = anna.ask("PUT", "fresh/", CONTENT)
    assert (reply.status, reply.json["owner"]) == (201, "anna")
    assert anna.ask("PUT", "fresh/", CONTENT, If_None_Match="*").status == 412
    assert anna.ask("PUT", "other/", CONTENT, If_Match='"1"').status == 412


def test_a_change_of_an_old_version_changes_nothing(made: Answer, otto: Person, staff: Person) -> None:
    staff.ask("PATCH", "failing/", {"title": "Hers"}, If_Match='"1"')
    reply = otto.ask("PATCH", "failing/", {"title": "His"}, If_Match='"1"')
    assert (reply.status, reply.json["kind"]) == (412, "changed-meanwhile")
    assert Alarm.objects.get(name="failing").title == "Hers"
    assert otto.ask("PATCH", "failing/", {"title": "His"}, If_Match='"1", "2"').status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "failing/"), ("PATCH", "failing/"), ("DELETE", "failing/"), ("POST", "failing/versions/1/restore/")],
)
def test_a_change_says_of_which_version_it_is(made: Answer, otto: Person, method: str, path: str) -> None:
    assert otto.ask(method, path, {}).status == 428
    assert otto.ask(method, path, {}, If_Match='W/"1"').status == 412, "weak tags never match (RFC 9110, 13.1.1)"


def test_the_same_again_makes_no_version(made: Answer, otto: Person) -> None:
    reply = otto.ask("PATCH", "failing/", {"title": CONTENT["title"]}, If_Match='"1"')
    assert reply.headers["ETag"] == '"1"'
    assert AlarmVersion.objects.filter(alarm__name="failing").count() == 1


def test_an_archived_alarm_is_listed_apart_and_ends_its_events(made: Answer, otto: Person, nobody: Person) -> None:
    an_event(Alarm.objects.get(name="failing"), "task:1", {})
    reply = otto.ask("DELETE", "failing/", If_Match='"1"')
    assert (reply.status, reply.json["archived"], reply.json["state"]) == (200, True, "archived")
    assert Event.objects.get().state == State.RESOLVED
    assert "failing" not in [one["name"] for one in nobody.get("").json["alarms"]]
    assert "failing" in [one["name"] for one in nobody.get("?archived=true").json["alarms"]]
    assert otto.ask("PATCH", "failing/", {"archived": False}, If_Match='"2"').json["archived"] is False


def test_versions_tell_who_changed_what_and_come_back(made: Answer, otto: Person, nobody: Person) -> None:
    otto.ask("PATCH", "failing/", {"title": "Newer", "comment": "better"}, If_Match='"1"')
    told = nobody.get("failing/versions/").json["versions"]
    assert [(one["number"], one["changed_by"], one["comment"]) for one in told] == [
        (2, "otto", "better"),
        (1, "otto", ""),
    ]
    assert told[0]["content"]["title"] == "Newer"
    assert "recipients" not in told[0]["content"]
    reply = otto.post("failing/versions/1/restore/", {}, If_Match='"2"')
    assert (reply.json["title"], reply.json["version"]) == ("Failing tasks", 3)


@pytest.mark.parametrize("number", ["7", "99999999999999999999999"])
def test_a_version_that_is_not_there_is_told(made: Answer, otto: Person, number: str) -> None:
    assert otto.get(f"failing/versions/{number}/").status == 404
    assert otto.post(f"failing/versions/{number}/restore/", {}, If_Match='"1"').status == 404


def test_an_alarm_keeps_its_name(made: Answer, otto: Person) -> None:
    assert faults(otto.ask("PATCH", "failing/", {"name": "failed"}, If_Match='"1"')) == ["name"]
    assert otto.ask("PATCH", "failing/", {"name": "failing"}, If_Match='"1"').status == 200


def test_staff_give_an_alarm_to_somebody_else(made: Answer, staff: Person, otto: Person) -> None:
    User.objects.create_user("paul")
    assert faults(otto.ask("PATCH", "failing/", {"owner": "paul"}, If_Match='"1"')) == ["owner"]
    assert faults(staff.ask("PATCH", "failing/", {"owner": "nobody-of-that-name"}, If_Match='"1"')) == ["owner"]
    assert staff.ask("PATCH", "failing/", {"owner": "paul"}, If_Match='"1"').json["owner"] == "paul"
    assert otto.ask("PATCH", "failing/", {"title": "x"}, If_Match='"2"').status == 403
    assert staff.ask("PATCH", "failing/", {"owner": ""}, If_Match='"2"').json["owner"] == ""
