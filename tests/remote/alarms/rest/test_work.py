"""Silences, teams, ticks, deliveries, detectors, trials and the summary by REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from swf_remote.alarms.detecting.registry import all_detectors
from swf_remote.alarms.editing.turns import Turns
from swf_remote.alarms.inputs.queries import InputError, Tasks
from swf_remote.alarms.models import (
    Alarm,
    Attempt,
    Channel,
    Delivery,
    Evaluation,
    Event,
    Outcome,
    Silence,
    State,
    Team,
    TeamVersion,
    Tick,
)
from tests.remote.alarms.engine.rig import task
from tests.remote.alarms.rest.asking import Person
from tests.remote.alarms.rows import an_alarm, an_event

pytestmark = pytest.mark.django_db
CONTENT: dict[str, Any] = {"detector": "task_failure_ratio", "parameters": {"threshold": 0.5}}


def in_hours(hours: float) -> str:
    return (timezone.now() + timedelta(hours=hours)).isoformat()


def test_a_silence_holds_until_it_is_ended(anna: Person, nobody: Person) -> None:
    made = anna.post("silences/", {"matchers": 'site="BNL_*"', "reason": "maintenance", "ends_at": in_hours(5)})
    assert (made.status, made.json["active"], made.json["created_by"]) == (201, True, "anna")
    assert nobody.get(made.headers["Location"]).json["reason"] == "maintenance"
    assert anna.post(f"silences/{made.json['id']}/end/").json["active"] is False
    assert nobody.get("silences/").json["silences"] == []
    assert len(nobody.get("silences/?state=ended").json["silences"]) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"ends_at": in_hours(-1)}, 409),
        ({"ends_at": in_hours(24 * 400)}, 409),
        ({"matchers": ""}, 409),
        ({"matchers": "site"}, 409),
        ({"reason": " "}, 409),
        ({"ends_at": "tomorrow"}, 422),
        ({"ends_at": "2026-11-29T18:00:00"}, 422),
        ({"ends_at": 5}, 422),
        ({"until": in_hours(1)}, 422),
    ],
)
def test_a_silence_that_cannot_be_is_refused_in_words(anna: Person, change: dict[str, object], status: int) -> None:
    reply = anna.post("silences/", {"matchers": "site=BNL", "reason": "x", "ends_at": in_hours(1), **change})
    assert reply.status == status
    assert not Silence.objects.exists()


def test_a_team_is_made_and_changed_with_its_version(staff: Person, nobody: Person) -> None:
    made = staff.ask("PUT", "teams/@ops/", {"title": "Ops", "members": "a@epic.example"})
    assert (made.status, made.headers["ETag"]) == (201, '"1"')
    assert staff.ask("PUT", "teams/@ops/", {"members": "b@epic.example"}).status == 428
    changed = staff.ask("PUT", "teams/@ops/", {"members": "b@epic.example"}, If_Match='"1"')
    assert (changed.status, changed.json["members"], changed.json["title"]) == (200, "b@epic.example", "")
    assert staff.ask("PUT", "teams/@ops/", {"members": ""}, If_Match='"1"').status == 412
    assert TeamVersion.objects.count() == 2
    assert nobody.get("teams/").json["teams"] == [{"name": "@ops", "title": "", "version": 2}]


def test_a_team_tells_the_signed_in_who_is_on_duty(staff: Person, anna: Person, nobody: Person) -> None:
    first = (timezone.now() - timedelta(days=8)).replace(microsecond=0)
    rotation = {"rotation_days": 7, "rotation_begins": f"{first:%Y-%m-%dT%H:%M:%SZ}"}
    body = {"members": "a@epic.example b@epic.example", **rotation}
    assert staff.ask("PUT", "teams/@ops/", body).status == 201
    told = anna.get("teams/@ops/").json
    assert {name: told[name] for name in rotation} == rotation
    until = f"{first + timedelta(days=14):%Y-%m-%dT%H:%M:%SZ}"
    assert told["on_duty"] == {"now": "b@epic.example", "until": until, "next": "a@epic.example"}
    assert "on_duty" not in nobody.get("teams/@ops/").json
    assert staff.ask("PUT", "teams/@ops/", {"members": "a@epic.example"}, If_Match='"1"').json["on_duty"] is None


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("ops", {}),
        ("@ops", {"members": 5}),
        ("@ops", {"people": ""}),
        ("@ops", {"rotation_days": "7"}),
        ("@ops", {"rotation_days": 7}),
        ("@ops", {"rotation_days": 7, "rotation_begins": "monday"}),
    ],
)
def test_a_team_that_cannot_be_is_refused(staff: Person, name: str, body: dict[str, object]) -> None:
    assert staff.ask("PUT", f"teams/{name}/", body).status == 422
    assert not Team.objects.exists()


def test_a_tick_tells_what_it_asked_and_saw(nobody: Person) -> None:
    alarm = an_alarm("failing")
    tick = Tick.objects.create(
        slot=timezone.now(),
        started_at=timezone.now(),
        engine="here:1",
        due=1,
        failed=1,
        queries=[{"query": "Tasks(1)"}],
    )
    Evaluation.objects.create(tick=tick, alarm=alarm, at=timezone.now(), error="no answer")
    told = nobody.get(f"ticks/{tick.pk}/").json
    assert told["queries"] == [{"query": "Tasks(1)"}]
    assert [(one["alarm"], one["error"]) for one in told["evaluations"]] == [("failing", "no answer")]
    assert len(nobody.get("ticks/?failed=true").json["ticks"]) == 1
    assert nobody.get("ticks/?failed=false").json["ticks"] == []


def a_delivery(**fields: object) -> Delivery:
    given: dict[str, object] = {
        "channel": Channel.MAIL,
        "destinations": ["a@epic.example"],
        "subject": "Failing",
        "content": {"refused": {}},
        "outcome": Outcome.DEAD,
        "next_attempt_at": timezone.now(),
        "created_at": timezone.now(),
    }
    return Delivery.objects.create(**(given | fields))


def test_a_message_that_was_given_up_is_tried_again(otto: Person, anna: Person) -> None:
    alarm = an_alarm("failing", owner=otto.user)
    one = a_delivery(alarm=alarm)
    Attempt.objects.create(delivery=one, at=timezone.now(), outcome="refused", detail="550 no")
    assert anna.get(f"deliveries/{one.pk}/").json["attempts"][0]["detail"] == "550 no"
    reply = otto.post(f"deliveries/{one.pk}/retry/")
    assert (reply.status, reply.json["outcome"], reply.json["id"]) == (200, "waiting", one.pk)
    assert otto.post(f"deliveries/{one.pk}/retry/").status == 409


def test_deliveries_are_listed_by_what_became_of_them(anna: Person) -> None:
    alarm = an_alarm("failing")
    a_delivery(alarm=alarm, outcome=Outcome.SENT)
    dead = a_delivery()
    hook = a_delivery(channel=Channel.WEBHOOK, destinations=["https://chat.example/hooks/secret"], outcome=Outcome.SENT)
    assert [one["id"] for one in anna.get("deliveries/?outcome=dead").json["deliveries"]] == [dead.pk]
    assert [one["id"] for one in anna.get("deliveries/?channel=webhook").json["deliveries"]] == [hook.pk]
    assert len(anna.get("deliveries/?alarm=failing").json["deliveries"]) == 1
    assert b"secret" not in anna.get("deliveries/").content


def test_detectors_tell_the_schema_of_their_parameters(nobody: Person) -> None:
    told = {one["name"]: one for one in nobody.get("detectors/").json["detectors"]}
    assert set(told) == set(all_detectors())
    assert "threshold" in told["task_failure_ratio"]["parameters"]["properties"]


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the monitor says, and how often it was asked."""
    now = datetime(2026, 11, 29, tzinfo=UTC)
    said: dict[str, Any] = {"tasks": (task(1, 90, now), task(2, 10, now)), "asked": 0}

    class Monitor:
        def ask(self, queries: Any, _now: datetime) -> dict[Any, Any]:
            said["asked"] += len(queries)
            return {query: said["tasks"] for query in queries if isinstance(query, Tasks)}

    monkeypatch.setattr("swf_remote.alarms.editing.looking._asker", Monitor)
    monkeypatch.setattr("swf_remote.alarms.rest.trials._TURNS", Turns())
    return said


def test_a_preview_tells_what_matches_now_and_saves_nothing(anna: Person, monitor: dict[str, Any]) -> None:
    before = Alarm.objects.count()
    told = anna.post("preview/", CONTENT).json
    assert [one["fingerprint"] for one in told["matches"]] == ["task:1"]
    assert told["matches"][0]["links"][0]["url"].startswith("/prod/panda/tasks/1/")
    assert (told["number"], told["beyond_scope"], Event.objects.count(), Alarm.objects.count()) == (1, 0, 0, before)
    assert anna.post("preview/", {**CONTENT, "scope": "task=2"}).json["beyond_scope"] == 1


def test_a_preview_of_what_is_not_allowed_names_the_field(anna: Person, monitor: dict[str, Any]) -> None:
    reply = anna.post("preview/", {**CONTENT, "parameters": {}})
    assert [one["field"] for one in reply.json["faults"]] == ["parameters.threshold"]
    assert monitor["asked"] == 0


def test_a_preview_without_an_answer_says_so(anna: Person, monitor: dict[str, Any]) -> None:
    monitor["tasks"] = InputError("the tunnel is down")
    reply = anna.post("preview/", CONTENT)
    assert reply.status == 502
    assert "the tunnel is down" in reply.json["detail"]


@pytest.mark.parametrize("path", ["failing/matches/", "failing/backtest/"])
def test_who_tries_too_often_is_told_to_come_back(
    anna: Person, monitor: dict[str, Any], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    an_alarm("failing")
    monkeypatch.setattr("swf_remote.alarms.rest.trials._TURNS", Turns(1))
    assert anna.get(path).status == 200
    reply = anna.get(path)
    assert (reply.status, reply.json["kind"]) == (503, "busy")
    assert 1 <= int(reply.headers["Retry-After"]) <= 61


@pytest.mark.parametrize("days", ["0", "31", "x"])
def test_a_trial_on_the_past_goes_back_thirty_days_at_most(anna: Person, days: str) -> None:
    an_alarm("failing")
    assert anna.get(f"failing/backtest/?days={days}").status == 400


def test_a_trial_on_the_past_says_how_far_it_sees(anna: Person) -> None:
    an_alarm("failing")
    told = anna.get("failing/backtest/?days=3").json
    assert (told["sees_since"], told["episodes"]) == (None, [])
    assert "No ticks are kept" in told["words"][0]


def test_an_alarm_tells_what_it_would_find_now(anna: Person, monitor: dict[str, Any]) -> None:
    an_alarm("failing", parameters={"threshold": 0.05})
    assert anna.get("failing/matches/").json["number"] == 2


def test_a_test_goes_to_the_alarms_own_people(otto: Person) -> None:
    alarm = an_alarm("failing", owner=otto.user, recipients="a@epic.example", version=1)
    an_event(alarm, "task:1", {"task": "1"})
    reply = otto.post("failing/test/")
    found = Delivery.objects.get()
    assert (reply.status, reply.json["deliveries"]) == (202, [found.pk])
    assert (found.test, found.destinations, found.outcome) == (True, ["a@epic.example"], Outcome.WAITING)


def test_a_test_for_nobody_is_refused(otto: Person) -> None:
    an_alarm("failing", owner=otto.user)
    assert otto.post("failing/test/").status == 409


def test_the_summary_tells_what_fires_and_whether_the_engine_works(nobody: Person) -> None:
    now = timezone.now()
    alarm = an_alarm("failing", severity="critical", failing_since=now)
    an_event(alarm, "task:1", {})
    an_event(alarm, "task:2", {}, state=State.ACKNOWLEDGED)
    an_event(an_alarm("mild", severity="info"), "task:1", {})
    Tick.objects.create(slot=now, started_at=now, finished_at=now - timedelta(seconds=70), engine="here", evaluated=2)
    Tick.objects.create(slot=now, started_at=now + timedelta(seconds=1), engine="here")
    told = nobody.get("summary/").json
    assert told["firing"] == {"info": 1, "warning": 0, "critical": 1}
    assert (told["firing_in_all"], told["acknowledged"], told["failing_alarms"]) == (2, 1, 1)
    assert told["last_tick"]["evaluated"] == 2
    assert 69 <= told["seconds_since_last_tick"] < 600


def test_which_host_did_a_tick_is_for_signed_in_users(nobody: Person, otto: Person) -> None:
    now = timezone.now()
    Tick.objects.create(id="t1", slot=now, started_at=now, finished_at=now, engine="inside.lab.example:1")
    for path in ("summary/", "ticks/", "ticks/t1/"):
        assert "inside.lab.example" not in str(nobody.get(path).json)
        assert "inside.lab.example" in str(otto.get(path).json)


def test_the_summary_costs_little(nobody: Person) -> None:
    alarm = an_alarm("failing")
    for number in range(50):
        an_event(alarm, f"task:{number}", {})
    with CaptureQueriesContext(connection) as asked:
        nobody.get("summary/")
    assert len(asked) == 3


@pytest.mark.parametrize("path", ["", "summary/", "events/", "ticks/", "events/e1/"])
def test_without_a_database_the_failure_is_told(nobody: Person, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def refuse() -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", lambda *_: refuse())
        patched.setattr(connection, "chunked_cursor", lambda *_: refuse())
        reply = nobody.get(path)
    assert (reply.status, reply.json["kind"]) == (503, "database-down")
