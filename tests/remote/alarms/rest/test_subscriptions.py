"""Subscriptions and quiet hours by REST: one's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from swf_remote.alarms.models import Delivery, Preference, Subscription
from tests.remote.alarms.rest.asking import Person
from tests.remote.alarms.rows import an_alarm

pytestmark = pytest.mark.django_db
LIST = "subscriptions/"


def made(who: Person, **body: Any) -> dict[str, Any]:
    reply = who.post(LIST, body)
    assert reply.status == 201, reply.content
    found: dict[str, Any] = reply.json
    assert reply.headers["Location"] == f"/prod/api/alarms/subscriptions/{found['id']}/"
    return found


def test_one_is_made_listed_read_and_removed(anna: Person) -> None:
    an_alarm("failing")
    first = made(anna, alarm="failing", severity="critical", matchers="site=BNL")
    second = made(anna)
    assert [
        (one["alarm"], one["severity"], one["matchers"], one["enabled"], one["user"]) for one in (first, second)
    ] == [
        ("failing", "critical", "site=BNL", True, "anna"),
        (None, "info", "", True, "anna"),
    ]
    assert {one["id"] for one in anna.get(LIST).json["subscriptions"]} == {first["id"], second["id"]}
    assert anna.get(f"{LIST}{first['id']}/").json == first
    assert anna.ask("DELETE", f"{LIST}{first['id']}/").json == first
    assert anna.get(f"{LIST}{first['id']}/").status == 404
    assert [one["id"] for one in anna.get(LIST).json["subscriptions"]] == [second["id"]]


def test_equal_ones_are_one(anna: Person) -> None:
    first = made(anna, matchers="task=1")
    assert made(anna, matchers=" task=1 ", enabled=False) == {**first, "enabled": False}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"alarm": "nothing"}, "alarm"),
        ({"alarm": 7}, "alarm"),
        ({"severity": "dreadful"}, "severity"),
        ({"severity": None}, "severity"),
        ({"matchers": 'site=~"("'}, "matchers"),
        ({"matchers": ["task=1"]}, "matchers"),
        ({"matchers": "task=" + "1" * 600}, "matchers"),
        ({"enabled": "yes"}, "enabled"),
        ({"user": "otto"}, "user"),
        ({"id": "mine"}, "id"),
    ],
)
def test_what_is_wrong_is_named_by_field(anna: Person, body: dict[str, Any], field: str) -> None:
    reply = anna.post(LIST, body)
    assert reply.status == 422
    assert {one["field"] for one in reply.json["faults"]} == {field}
    assert not Subscription.objects.exists()


def test_others_are_not_there(anna: Person, otto: Person, staff: Person) -> None:
    row = made(anna)
    assert otto.get(LIST).json["subscriptions"] == []
    for who in (otto, staff):
        assert who.get(f"{LIST}{row['id']}/").status == 404
        assert who.ask("DELETE", f"{LIST}{row['id']}/").status == 404
    assert Subscription.objects.count() == 1


def test_staff_lists_everybodys(anna: Person, otto: Person, staff: Person) -> None:
    made(anna)
    made(otto)
    assert staff.get(LIST).json["subscriptions"] == []
    assert {one["user"] for one in staff.get(f"{LIST}?of=all").json["subscriptions"]} == {"anna", "otto"}
    assert anna.get(f"{LIST}?of=all").status == 403


def test_everybodys_come_in_pages(anna: Person, otto: Person, staff: Person) -> None:
    keys = {made(who, matchers=f"task={number}")["id"] for who in (anna, otto) for number in range(3)}
    found, path = [], f"{LIST}?of=all&limit=2"
    while path:
        reply = staff.get(path).json
        found += [one["id"] for one in reply["subscriptions"]]
        path = reply["next"]
    assert sorted(found) == sorted(keys)


def test_quiet_hours_are_read_and_replaced(anna: Person, otto: Person) -> None:
    path = f"{LIST}quiet-hours/"
    assert anna.get(path).json == {"quiet_hours": "", "urgent_anyway": True}
    wanted = {"quiet_hours": "22:00-06:00; sat", "urgent_anyway": False}
    assert anna.ask("PUT", path, wanted).json == wanted
    assert anna.get(path).json == wanted
    assert otto.get(path).json == {"quiet_hours": "", "urgent_anyway": True}
    assert anna.ask("PUT", path, {}).json == {"quiet_hours": "", "urgent_anyway": True}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quiet_hours": "mon-sun"}, "quiet_hours"),
        ({"quiet_hours": "nights"}, "quiet_hours"),
        ({"quiet_hours": 22}, "quiet_hours"),
        ({"urgent_anyway": 1}, "urgent_anyway"),
        ({"user": "otto"}, "user"),
    ],
)
def test_wrong_quiet_hours_are_named_by_field(anna: Person, body: dict[str, Any], field: str) -> None:
    reply = anna.ask("PUT", f"{LIST}quiet-hours/", body)
    assert reply.status == 422
    assert {one["field"] for one in reply.json["faults"]} == {field}
    assert not Preference.objects.exists()


def test_messages_to_a_subscriber_are_listed_for_that_user_and_staff_alone(
    anna: Person, otto: Person, staff: Person
) -> None:
    now = timezone.now()
    Delivery.objects.create(
        id="d9", alarm=an_alarm("failing", owner=otto.user), subscriber=anna.user, channel="mail", subject="x",
        destinations=["anna@lab.example"], content={}, outcome="dead", next_attempt_at=now, created_at=now,
    )  # fmt: skip
    for who, sees in ((anna, True), (staff, True), (otto, False)):
        assert bool(who.get("deliveries/").json["deliveries"]) == sees
        assert who.get("deliveries/d9/").status == (200 if sees else 404)
    assert otto.post("deliveries/d9/retry/").status == 404
