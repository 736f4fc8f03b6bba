"""Events by REST: lists, one with its changes, and what people do to it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from swf_remote.alarms.models import Event, State
from swf_remote.alarms.rest.tables import COLUMNS
from tests.remote.alarms.rest.asking import Person
from tests.remote.alarms.rows import an_alarm, an_event

pytestmark = pytest.mark.django_db


def subjects(person: Person, path: str) -> list[str]:
    return [event["fingerprint"] for event in person.get(path).json["events"]]


def an_hour_ago(hours: float = 1) -> object:
    return timezone.now() - timedelta(hours=hours)


def test_open_events_come_first_then_those_that_are_over_by_their_end(nobody: Person) -> None:
    alarm = an_alarm("failing")
    an_event(alarm, "task:1", {}, state=State.RESOLVED, at=an_hour_ago(3))
    an_event(alarm, "task:2", {}, state=State.RESOLVED, at=an_hour_ago(1))
    an_event(alarm, "task:3", {}, at=an_hour_ago(20))
    an_event(alarm, "task:4", {}, at=an_hour_ago(2))
    assert subjects(nobody, "events/") == ["task:4", "task:3", "task:2", "task:1"]


def test_what_ended_before_the_window_is_left_out_and_what_is_open_never_is(nobody: Person) -> None:
    alarm = an_alarm("failing")
    an_event(alarm, "task:1", {}, state=State.RESOLVED, at=an_hour_ago(30))
    an_event(alarm, "task:2", {}, at=an_hour_ago(900))
    assert subjects(nobody, "events/") == ["task:2"]
    assert subjects(nobody, "events/?hours=48") == ["task:2", "task:1"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("state=firing", ["task:1"]),
        ("state=acknowledged", ["site:BNL"]),
        ("state=resolved", ["task:3"]),
        ("state=open", ["task:1", "site:BNL"]),
        ("alarm=two", ["task:3"]),
        ("severity=critical", ["task:3"]),
        ("task=1", ["task:1"]),
        ("site=BNL", ["site:BNL"]),
        ("q=TASK:3", ["task:3"]),
        ("alarm=none", []),
        ("task=1&state=resolved", []),
    ],
)
def test_a_list_holds_what_fulfils_all_words(nobody: Person, words: str, expected: list[str]) -> None:
    one, two = an_alarm("one"), an_alarm("two", severity="critical")
    an_event(one, "task:1", {"task": "1"}, at=an_hour_ago(1))
    an_event(one, "site:BNL", {"site": "BNL"}, at=an_hour_ago(2), state=State.ACKNOWLEDGED)
    an_event(two, "task:3", {"task": "3"}, at=an_hour_ago(3), state=State.RESOLVED)
    assert subjects(nobody, f"events/?{words}") == expected


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("hours=0", "whole number"),
        ("state=fired", "one of open"),
        ("severity=bad", "one of info"),
        ("limit=501", "from 1 to 500"),
        ("limit=-1", "from 1 to 500"),
        ("cursor=xyz", "cursor"),
        ("cursor=WzEsMiwzLDRd", "cursor"),
        ("sate=firing", "no parameter 'sate'"),
        ("task=1&site=2", "not several"),
        ("format=xml", "one of json, csv"),
        ("q=%00", "no text has"),
    ],
)
def test_words_that_mean_nothing_are_told(nobody: Person, words: str, told: str) -> None:
    reply = nobody.get(f"events/?{words}")
    assert reply.status == 400
    assert told in reply.json["detail"]


def test_a_list_tells_how_many_there_are_on_its_first_page(nobody: Person) -> None:
    alarm = an_alarm("failing")
    for number in range(3):
        an_event(alarm, f"task:{number}", {}, at=an_hour_ago())
    first = nobody.get("events/?limit=2").json
    second = nobody.get(first["next"]).json
    assert (first["total"], first["total_is_exact"], len(first["events"])) == (3, True, 2)
    assert (len(second["events"]), second["next"], "total" in second) == (1, None, False)


def test_an_event_tells_what_became_of_it(nobody: Person, anna: Person) -> None:
    event = an_event(an_alarm("failing"), "task:1", {"task": "1"}, links=[["Task 1", "panda/tasks/1/"]])
    anna.post(f"events/{event.pk}/acknowledge/", {"note": "I look"})
    anna.post(f"events/{event.pk}/assign/", {"assignee": "otto"})
    anna.post(f"events/{event.pk}/note/", {"text": "disk full"})
    anna.post(f"events/{event.pk}/unacknowledge/")
    told = nobody.get(f"events/{event.pk}/").json
    assert [(one["what"], one["by"], one["text"]) for one in told["changes"]] == [
        ("acknowledged", "anna", "I look"),
        ("assigned", "anna", "otto"),
        ("note", "anna", "disk full"),
        ("unacknowledged", "anna", ""),
    ]
    assert (told["state"], told["assignee"], told["acknowledged_by"]) == ("firing", "otto", "")
    assert told["links"] == [{"words": "Task 1", "url": "/prod/panda/tasks/1/"}]


def test_what_cannot_be_done_changes_nothing_and_says_why(anna: Person) -> None:
    event = an_event(an_alarm("failing"), "task:1", {}, state=State.RESOLVED)
    reply = anna.post(f"events/{event.pk}/acknowledge/")
    assert (reply.status, reply.json["outcome"]) == (409, "Nothing was changed.")
    assert "resolved" in reply.json["detail"]
    assert not event.changes.exists()


@pytest.mark.parametrize(
    ("act", "body", "field"),
    [
        ("acknowledge", {"note": 5}, "note"),
        ("acknowledge", {"note": "x" * 5000}, "note"),
        ("acknowledge", {"notes": "x"}, "notes"),
        ("assign", {}, "assignee"),
        ("note", {}, "text"),
    ],
)
def test_a_wrong_member_is_named(anna: Person, act: str, body: object, field: str) -> None:
    event = an_event(an_alarm("failing"), "task:1", {})
    reply = anna.post(f"events/{event.pk}/{act}/", body)
    assert reply.status == 422
    assert [fault["field"] for fault in reply.json["faults"]] == [field]
    assert Event.objects.get().state == State.FIRING


@pytest.mark.parametrize("act", ["acknowledge", "unacknowledge", "assign", "note"])
def test_an_event_that_is_not_there_is_told(anna: Person, act: str) -> None:
    reply = anna.post(
        f"events/none/{act}/", {"assignee": "x"} if act == "assign" else {"text": "x"} if act == "note" else {}
    )
    assert reply.status == 404


def test_a_table_for_spreadsheets_holds_no_formula(nobody: Person) -> None:
    an_event(an_alarm("failing"), "=cmd|' /C calc'!A0", {"user": "+1"}, subject="@SUM(1)", assignee="-2")
    reply = nobody.get("events/?format=csv")
    head, row = list(csv.reader(io.StringIO(reply.content.decode())))
    assert head == list(COLUMNS)
    cells = dict(zip(head, row, strict=True))
    assert [cells[name] for name in ("fingerprint", "subject", "assignee")] == [
        "'=cmd|' /C calc'!A0",
        "'@SUM(1)",
        "'-2",
    ]
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="events.csv"' in reply.headers["Content-Disposition"]


def test_a_table_says_where_the_next_rows_are(nobody: Person) -> None:
    alarm = an_alarm("failing")
    for number in range(3):
        an_event(alarm, f"task:{number}", {})
    first = nobody.get("events/?format=csv&limit=2")
    address, relation = first.headers["Link"].split("; ")
    assert relation == 'rel="next"'
    assert len(nobody.get(address.strip("<>")).content.splitlines()) == 2


def test_people_who_are_not_signed_in_see_no_address_in_tables(nobody: Person, anna: Person) -> None:
    an_event(an_alarm("failing"), "user:bob@epic.example", {}, subject="jobs of bob@epic.example fail")
    assert b"epic.example" not in nobody.get("events/?format=csv").content
    assert b"bob@epic.example" in anna.get("events/?format=csv").content


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'{"text": "a", "text": "b"}', {}, 400),
        (b'{"text": NaN}', {}, 400),
        (b'{"text": "\\u0000"}', {}, 400),
        (b'{"text": "\\ud800"}', {}, 400),
        (b"\xff", {}, 400),
        (b"[" * 50_000, {}, 400),
        (b'{"text": "x"}', {"Content_Type": "text/plain"}, 415),
        (b'{"text": "x"}', {"Content_Type": "application/x-www-form-urlencoded"}, 415),
        (b" " * 300_000, {}, 413),
    ],
)
def test_a_body_that_is_no_object_of_json_is_refused(
    anna: Person, body: bytes, headers: dict[str, str], status: int
) -> None:
    event = an_event(an_alarm("failing"), "task:1", {})
    reply = anna.ask("POST", f"events/{event.pk}/note/", body, **headers)
    assert reply.status == status
    assert not event.changes.exists()
