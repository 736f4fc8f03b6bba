"""Who may do what, for every address and method: anybody reads, the signed-in act, owners and staff configure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from swf_remote.alarms.configuring import save_alarm
from swf_remote.alarms.editing.turns import Turns
from swf_remote.alarms.models import Alarm, Channel, Delivery, Outcome, Silence, State, Subscription, Team, Tick
from swf_remote.alarms.rest.urls import urlpatterns
from tests.remote.alarms.rest.asking import Person
from tests.remote.alarms.rows import an_alarm, an_event

pytestmark = pytest.mark.django_db

CONTENT = {"title": "New", "detector": "task_failure_ratio", "parameters": {"threshold": 0.5}}
LATER = (timezone.now() + timedelta(days=1)).isoformat()
SILENCE = {"matchers": "task=1", "reason": "known", "ends_at": LATER}
READ, ACT, EDIT, STAFF = (200, 200, 200, 200), (401, 200, 200, 200), (401, 403, 200, 200), (401, 403, 403, 200)
MADE = (401, 201, 201, 201)

# Address and method → what nobody, somebody, the owner and staff get.
RULES: list[tuple[str, str, object, tuple[int, int, int, int]]] = [
    ("GET", "", None, READ),
    ("POST", "", {"name": "other", **CONTENT}, MADE),
    ("GET", "schema/", None, READ),
    ("GET", "summary/", None, READ),
    ("GET", "detectors/", None, READ),
    ("POST", "preview/", CONTENT, ACT),
    ("GET", "export/", None, ACT),
    ("POST", "import/", b"format: 1\nalarms: {}\n", STAFF),
    ("GET", "events/", None, READ),
    ("GET", "events/e1/", None, READ),
    ("POST", "events/e1/acknowledge/", {"note": "mine"}, ACT),
    ("POST", "events/e2/unacknowledge/", {}, ACT),
    ("POST", "events/e1/assign/", {"assignee": "anna"}, ACT),
    ("POST", "events/e1/note/", {"text": "seen"}, ACT),
    ("GET", "silences/", None, READ),
    ("POST", "silences/", SILENCE, MADE),
    ("GET", "silences/s1/", None, READ),
    ("POST", "silences/s1/end/", {}, ACT),
    ("GET", "subscriptions/", None, ACT),
    ("POST", "subscriptions/", {"matchers": "task=1"}, MADE),
    ("GET", "subscriptions/quiet-hours/", None, ACT),
    ("PUT", "subscriptions/quiet-hours/", {"quiet_hours": "22:00-06:00"}, ACT),
    ("GET", "subscriptions/b1/", None, (401, 404, 404, 200)),
    ("DELETE", "subscriptions/b1/", None, (401, 404, 404, 200)),
    ("GET", "ticks/", None, READ),
    ("GET", "ticks/t1/", None, READ),
    ("GET", "deliveries/", None, ACT),
    ("GET", "deliveries/d1/", None, ACT),
    ("POST", "deliveries/d1/retry/", {}, EDIT),
    ("GET", "teams/", None, READ),
    ("GET", "teams/@ops/", None, READ),
    ("PUT", "teams/@ops/", {"title": "Ops", "members": "b@epic.example"}, STAFF),
    ("GET", "failing/", None, READ),
    ("PUT", "failing/", CONTENT, EDIT),
    ("PATCH", "failing/", {"title": "Newer"}, EDIT),
    ("DELETE", "failing/", None, EDIT),
    ("GET", "failing/versions/", None, READ),
    ("GET", "failing/versions/1/", None, READ),
    ("POST", "failing/versions/1/restore/", {}, EDIT),
    ("GET", "failing/matches/", None, ACT),
    ("GET", "failing/backtest/", None, ACT),
    ("POST", "failing/test/", {}, (401, 403, 202, 202)),
]


class Nothing:
    """A monitor without tasks."""

    def ask(self, queries: Collection[object], _now: object) -> dict[object, object]:
        return dict.fromkeys(queries, ())


@pytest.fixture(autouse=True)
def rows(otto: Person, staff: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of everything; the monitor knows of no tasks."""
    monkeypatch.setattr("swf_remote.alarms.editing.looking._asker", Nothing)
    monkeypatch.setattr("swf_remote.alarms.rest.trials._TURNS", Turns())
    now = timezone.now()
    alarm = an_alarm("failing", owner=otto.user, recipients="a@epic.example", version=0)
    save_alarm(alarm, "otto", now)
    an_event(alarm, "task:1", {"task": "1"}, id="e1", at=now)
    an_event(alarm, "task:2", {"task": "2"}, id="e2", at=now, state=State.ACKNOWLEDGED)
    Silence.objects.create(
        id="s1", matchers="task=9", reason="x", starts_at=now, ends_at=now + timedelta(days=1), created_by="anna"
    )
    Subscription.objects.create(id="b1", user=staff.user, created_at=now)
    Tick.objects.create(id="t1", slot=now, started_at=now, engine="here")
    Team.objects.create(name="@ops", members="secret@epic.example", version=1)
    Delivery.objects.create(
        id="d1",
        alarm=alarm,
        channel=Channel.MAIL,
        destinations=["a@epic.example"],
        subject="x",
        content={},
        outcome=Outcome.DEAD,
        next_attempt_at=now,
        created_at=now,
    )


def test_the_rules_name_every_address_and_method() -> None:
    told = {(method, _pattern(path)) for method, path, *_ in RULES}
    assert told == set(_offered())


def _offered() -> Iterator[tuple[str, str]]:
    for one in urlpatterns:
        for method in one.callback.methods:  # type: ignore[attr-defined]
            yield method, str(one.pattern)


def _pattern(path: str) -> str:
    """The address of the list above, as ``urls`` writes it."""
    found = [str(one.pattern) for one in urlpatterns if one.resolve(path) is not None]
    return found[0]


@pytest.mark.parametrize(("method", "path", "body", "expected"), RULES, ids=[f"{one[0]} {one[1]}" for one in RULES])
@pytest.mark.parametrize("role", ["nobody", "anna", "otto", "staff"])
def test_every_address_lets_those_in_who_may(
    request: pytest.FixtureRequest, role: str, method: str, path: str, body: object, expected: tuple[int, ...]
) -> None:
    who: Person = request.getfixturevalue(role)
    headers = {"If_Match": "*"} if method in ("PUT", "PATCH", "DELETE") or "restore" in path else {}
    reply = who.ask(method, path, body, **headers)
    assert reply.status == expected[["nobody", "anna", "otto", "staff"].index(role)], reply.content
    if reply.status >= 400:
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.json["status"] == reply.status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [one[:3] for one in RULES if one[0] != "GET"],
    ids=[f"{one[0]} {one[1]}" for one in RULES if one[0] != "GET"],
)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "", "Origin": "https://evil.example"},
    ],
)
def test_no_other_site_writes(staff: Person, method: str, path: str, body: object, headers: dict[str, str]) -> None:
    reply = staff.ask(method, path, body, If_Match="*", **headers)
    assert (reply.status, reply.json["kind"]) == (403, "cross-origin")


@pytest.mark.parametrize("path", [one[1] for one in RULES if one[0] == "GET" and one[3] == READ])
def test_nobody_reads_an_address(nobody: Person, path: str) -> None:
    assert b"epic.example" not in nobody.get(path).content


@pytest.mark.parametrize("path", ["failing/", "teams/", "deliveries/", "failing/versions/"])
def test_the_signed_in_read_addresses(anna: Person, path: str) -> None:
    assert b"epic.example" in anna.get(path).content


@pytest.mark.parametrize(("role", "seen"), [("anna", False), ("otto", True), ("staff", True)])
def test_only_editors_see_the_whole_address_of_a_webhook(request: pytest.FixtureRequest, role: str, seen: bool) -> None:
    Alarm.objects.filter(name="failing").update(webhooks="mattermost https://chat.example/hooks/secret")
    who: Person = request.getfixturevalue(role)
    told: dict[str, Any] = who.get("failing/").json
    assert ("secret" in told["webhooks"]) is seen
    assert "chat.example" in told["webhooks"]


def test_an_account_that_was_closed_is_nobody(anna: Person) -> None:
    assert anna.user
    anna.user.is_active = False
    anna.user.save()
    assert anna.get("deliveries/").status == 401
    assert anna.post("events/e1/note/", {"text": "x"}).status == 401


@pytest.mark.parametrize("path", [one[1] for one in RULES if one[0] == "POST" and one[1] not in ("", "silences/")])
def test_other_methods_are_named(staff: Person, path: str) -> None:
    reply = staff.ask("TRACE", path)
    assert reply.status == 405
    assert "POST" in reply.headers["Allow"]


def test_a_browser_gets_a_page_of_words(nobody: Person) -> None:
    reply = nobody.get("deliveries/", Accept="text/html")
    assert reply.status == 401
    assert reply.headers["Content-Type"].startswith("text/html")


def test_answers_are_not_kept_and_vary_with_the_reader(nobody: Person) -> None:
    reply = nobody.get("events/")
    assert "no-store" in reply.headers["Cache-Control"]
    assert "Cookie" in reply.headers["Vary"]
