"""The event page: the evidence as it was, what became of it, and what can be done about it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from swf_remote.alarms.models import Change, Event, Silence, State
from tests.remote.alarms.pages.scenes import PAGE, alarm, delivery, event, minutes, reader, url, world
from tests.remote.web.pages import assert_well_made

pytestmark = pytest.mark.django_db


def act(client: Client, made: Event, action: str, **words: str) -> object:
    return client.post(url(f"events/{made.pk}/{action}/"), words, **PAGE)


def test_the_evidence_stands_as_it_was_first_and_last(client: Client) -> None:
    made = event(alarm())
    html = client.get(url(f"events/{made.pk}/"), **PAGE).content.decode()
    assert '<bdi>12</bdi></td><td role="cell" data-label="Last"><bdi><strong>34</strong>' in html
    assert "<bdi>4711</bdi>" in html, "the number of a task has no separators"
    assert "/prod/panda/tasks/4711/" in html


def test_an_escalation_is_told_with_the_messages_that_told_of_it() -> None:
    of, now = alarm(), timezone.now()
    made = event(of, escalated_at=now)
    Change.objects.create(event=made, at=now, what="escalated", text="Nobody has acknowledged it for 30 min.")
    delivery(of, now, escalation=True, subject="not acknowledged")
    html = reader().get(url(f"events/{made.pk}/"), **PAGE).content.decode()
    assert_well_made(html)
    assert "<dt>Escalated</dt>" in html
    assert "Nobody has acknowledged it for 30 min." in html
    assert '<bdi>not acknowledged</bdi></a> <span class="severity">escalation</span>' in html


def test_an_unknown_event_is_a_404_page(client: Client) -> None:
    response = client.get(url("events/nothing/"), **PAGE)
    assert response.status_code == 404
    assert assert_well_made(response.content.decode()).heading == "There is no such event"


def test_acknowledging_with_a_note_is_written_down_with_who_did_it() -> None:
    made = event(alarm())
    response = act(reader("k.l"), made, "acknowledge", note="site informed", next="/prod/alarms/?hours=48")
    assert response.status_code == 303  # type: ignore[attr-defined]
    assert response["Location"] == f"/prod/alarms/?hours=48#event-{made.pk}"  # type: ignore[index]
    made.refresh_from_db()
    assert (made.state, made.acknowledged_by) == (State.ACKNOWLEDGED, "k.l")
    change = Change.objects.get(what="acknowledged")
    assert (change.by, change.text) == ("k.l", "site informed")


def test_who_acknowledges_second_sees_who_was_first() -> None:
    made = event(alarm())
    act(reader("first"), made, "acknowledge")
    second = reader("second")
    response = second.post(url(f"events/{made.pk}/acknowledge/"), follow=True, **PAGE)
    assert "by <bdi>first</bdi>" in response.content.decode()
    made.refresh_from_db()
    assert made.acknowledged_by == "first"


def test_what_is_refused_is_told_on_the_page_and_what_was_typed_stays() -> None:
    made = event(alarm(), state=State.RESOLVED)
    response = act(reader(), made, "acknowledge", note="my words")
    html = response.content.decode()  # type: ignore[attr-defined]
    assert response.status_code == 409  # type: ignore[attr-defined]
    page = assert_well_made(html)
    assert page.title.startswith("Error: ")
    assert "Only an event that fires can be acknowledged" in html and "my words" in html


@pytest.mark.parametrize("note", ["", "  ", "x" * 4001])
def test_a_note_that_is_empty_or_too_long_is_refused(note: str) -> None:
    made = event(alarm())
    assert act(reader(), made, "note", note=note).status_code == 409  # type: ignore[attr-defined]
    assert not Change.objects.filter(what="note").exists()


def test_an_acknowledgement_with_too_long_a_note_is_not_made_without_it() -> None:
    made = event(alarm())
    assert act(reader(), made, "acknowledge", note="x" * 4001).status_code == 409  # type: ignore[attr-defined]
    made.refresh_from_db()
    assert made.state == State.FIRING


def test_an_acknowledgement_can_be_withdrawn() -> None:
    made = event(alarm(), state=State.ACKNOWLEDGED)
    client = reader()
    assert "Withdraw the acknowledgement" in client.get(url(f"events/{made.pk}/"), **PAGE).content.decode()
    act(client, made, "withdraw")
    made.refresh_from_db()
    assert (made.state, made.acknowledged_by) == (State.FIRING, "")


def test_an_event_is_given_to_oneself_to_somebody_and_to_nobody() -> None:
    made, client = event(alarm()), reader("alice")
    for words, assignee in (
        ({"me": "1", "assignee": "bob"}, "alice"),
        ({"assignee": "bob"}, "bob"),
        ({"assignee": ""}, ""),
    ):
        act(client, made, "assign", **words)
        made.refresh_from_db()
        assert made.assignee == assignee


def test_the_silence_form_is_filled_with_matchers_of_just_this() -> None:
    made, client = event(alarm()), reader()
    html = client.get(url(f"events/{made.pk}/"), **PAGE).content.decode()
    assert 'value="alarm=&quot;eic_failures&quot;, task=&quot;4711&quot;"' in html
    words = {"matchers": 'alarm="eic_failures", task="4711"', "reason": "known", "hours": "4"}
    client.post(url("silences/"), words, **PAGE)
    silence = Silence.objects.get()
    assert silence.ends_at - silence.starts_at == minutes(240)
    assert "silenced until" in client.get(url(f"events/{made.pk}/"), **PAGE).content.decode()


@pytest.mark.parametrize("value", ['a"b', "a\\b", "a,b", "x*"])
def test_the_matchers_of_an_event_hold_for_it_whatever_its_labels(value: str) -> None:
    made, client = event(alarm(), fingerprint="site:x", labels={"site": value}), reader()
    page = assert_well_made(client.get(url(f"events/{made.pk}/"), **PAGE).content.decode())
    matchers = next(attrs["value"] for attrs in page.all("input") if attrs.get("name") == "matchers")
    client.post(url("silences/"), {"matchers": matchers, "reason": "x", "hours": "1"}, **PAGE)
    Event.objects.update(labels={"site": value, "alarm": made.alarm.name})
    assert "silenced until" in client.get(url(f"events/{made.pk}/"), **PAGE).content.decode()


def test_messages_in_which_it_was_told_stand_on_the_page_of_signed_in_users(client: Client) -> None:
    found = world()
    address = url(f"events/{found['events']['firing'].pk}/")
    assert "[eic_failures] 1 new" in reader().get(address, **PAGE).content.decode()
    assert "[eic_failures] 1 new" not in client.get(address, **PAGE).content.decode()


def test_earlier_events_about_the_same_are_linked(client: Client) -> None:
    found = world()
    html = client.get(url(f"events/{found['events']['firing'].pk}/"), **PAGE).content.decode()
    assert url(f"events/{found['events']['earlier'].pk}/") in html
    assert url(f"events/{found['events']['resolved'].pk}/") not in html


def test_what_the_system_before_knew_is_shown(client: Client) -> None:
    made = event(alarm(), state=State.RESOLVED, imported={"native_failurerate": 0.5, "recipients": ["a@example.org"]})
    address = url(f"events/{made.pk}/")
    assert "native_failurerate" in client.get(address, **PAGE).content.decode()
    assert "recipients" not in client.get(address, **PAGE).content.decode()
    assert "a@example.org" in reader().get(address, **PAGE).content.decode()


def test_an_imported_event_without_most_facts_has_a_page(client: Client) -> None:
    now = timezone.now()
    made = Event.objects.create(
        alarm=alarm(), fingerprint="x", state=State.RESOLVED, severity="warning", subject="s", first_seen=now,
        last_seen=now, resolved_at=now,
    )  # fmt: skip
    assert client.get(url(f"events/{made.pk}/"), **PAGE).status_code == 200
    assert client.get(url(""), **PAGE).status_code == 200
