"""What is put into the outbox, and what becomes of it there by people's hands and with the years."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from swf_remote.alarms.delivery.outbox import KEEP_DEAD, KEEP_SENT, enqueue, enqueue_test, purge_old, retry
from swf_remote.alarms.models import Alarm, Attempt, Channel, Delivery, Outcome, Team
from swf_remote.alarms.routing.news import News
from tests.remote.alarms.delivery.news import NOW, event, over, saved_alarm, saved_tick, waiting

pytestmark = pytest.mark.django_db

HOOK = "https://chat.example/hooks/secret"
NEWS = News(new=[event(1)])


def test_an_alarm_gets_one_mail_to_all_its_people_and_a_post_to_each_of_its_webhooks() -> None:
    Team.objects.create(name="@prodops", members="bob@lab.example, carol@lab.example")
    alarm = saved_alarm(recipients="alice@lab.example @prodops", webhooks=f"slack {HOOK}\n{HOOK}2")
    made = enqueue(alarm, saved_tick(), NEWS, NOW)
    assert [(one.channel, one.destinations) for one in made] == [
        (Channel.MAIL, ["alice@lab.example", "bob@lab.example", "carol@lab.example"]),
        (Channel.WEBHOOK, [HOOK]),
        (Channel.WEBHOOK, [f"{HOOK}2"]),
    ]
    assert {one.pk for one in made} == set(Delivery.objects.values_list("pk", flat=True))


def test_what_is_put_there_waits_and_is_due_at_once() -> None:
    [made] = enqueue(saved_alarm(recipients="alice@lab.example"), saved_tick(), NEWS, NOW)
    row = Delivery.objects.get(pk=made.pk)
    assert (row.outcome, row.next_attempt_at, row.created_at, row.attempts_made) == (Outcome.WAITING, NOW, NOW, 0)
    assert not row.test


def test_the_mail_says_what_is_told_and_leads_to_the_gateways_pages() -> None:
    [made] = enqueue(saved_alarm(recipients="alice@lab.example"), saved_tick(), NEWS, NOW)
    row = Delivery.objects.get(pk=made.pk)
    assert row.subject.startswith("[warning] failures: 1 detection, 1 new")
    assert f"http://127.0.0.1:8000/prod/alarms/events/{NEWS.new[0].pk}/" in row.content["text"]
    assert row.content["message_id"] == f"<{row.pk}@127.0.0.1>"


def test_a_webhook_gets_its_format_and_the_identifier_of_its_delivery() -> None:
    [made] = enqueue(saved_alarm(webhooks=f"json {HOOK}"), saved_tick(), NEWS, NOW)
    assert json.loads(Delivery.objects.get(pk=made.pk).content["body"])["id"] == made.pk


def test_messages_of_one_event_are_one_thread_whatever_else_they_tell() -> None:
    alarm = saved_alarm(recipients="alice@lab.example")
    first, later = event(1, fired_at=NOW - timedelta(hours=2)), event(2)
    contents = [
        enqueue(alarm, saved_tick(), news, NOW)[0].content["references"]
        for news in (News(new=[later, first]), News(continuing=[later], cleared=[over(3)]), News(cleared=[first]))
    ]
    assert contents[0] == [f"<{first.pk}.event@127.0.0.1>", f"<{later.pk}.event@127.0.0.1>"]
    assert contents[0][1] in contents[1]
    assert contents[2] == [contents[0][0]]


def escalating(**fields: str) -> Alarm:
    """An alarm of alice's that escalates to bob."""
    people = {"recipients": "alice@lab.example", "webhooks": f"json {HOOK}", "escalate_to": "bob@lab.example"}
    return saved_alarm(**(people | fields))


def test_what_is_escalated_goes_by_a_mail_of_its_own_and_to_no_webhook() -> None:
    late = event(1, unacknowledged_since=NOW - timedelta(minutes=30))
    [made] = enqueue(escalating(), saved_tick(), News(escalated=[late]), NOW)
    row = Delivery.objects.get(pk=made.pk)
    assert (row.escalation, row.channel, row.destinations) == (True, Channel.MAIL, ["bob@lab.example"])
    assert "NOT ACKNOWLEDGED (1)" in row.content["text"]
    assert row.content["references"] == [f"<{late.pk}.event@127.0.0.1>"], "one thread with what was told before"


def test_what_else_there_is_to_tell_goes_to_the_recipients_without_it() -> None:
    news = News(continuing=[event(1)], escalated=[event(1), event(2)])
    made = enqueue(escalating(), saved_tick(), news, NOW)
    assert [(one.escalation, one.destinations) for one in made] == [
        (False, ["alice@lab.example"]), (False, [HOOK]), (True, ["bob@lab.example"]),
    ]  # fmt: skip
    assert "NOT ACKNOWLEDGED" not in made[0].content["text"]
    assert "CONTINUING" not in made[2].content["text"]
    assert len({one.pk for one in made}) == 3


def test_the_end_of_what_was_escalated_goes_to_both_and_of_what_was_not_to_the_recipients() -> None:
    told, untold = over(1, escalated_at=NOW), over(2)
    mails = [
        one for one in enqueue(escalating(), saved_tick(), News(cleared=[told, untold]), NOW) if "text" in one.content
    ]
    assert [(one.destinations, one.subject) for one in mails] == [
        (["alice@lab.example"], "[cleared] failures: 2 cleared"),
        (["bob@lab.example"], f"[cleared] failures: 1 cleared: {told.subject}"),
    ]


def test_who_is_a_recipient_and_escalated_to_hears_of_an_end_once() -> None:
    alarm = escalating(escalate_to="bob@lab.example ALICE@lab.example", webhooks="")
    news = News(cleared=[over(1, escalated_at=NOW)], escalated=[event(2)])
    ordinary, *others = enqueue(alarm, saved_tick(), news, NOW)
    assert "CLEARED" in ordinary.content["text"]
    assert [(one.destinations, "CLEARED" in one.content["text"]) for one in others] == [
        (["bob@lab.example"], True), (["ALICE@lab.example"], False),
    ]  # fmt: skip
    assert all("NOT ACKNOWLEDGED (1)" in one.content["text"] for one in others)


def test_the_one_on_duty_is_named_by_the_time_of_the_message() -> None:
    members = "carol@lab.example dave@lab.example"
    Team.objects.create(name="@ops", members=members, rotation_days=1, rotation_begins="2026-11-28 08:00")
    alarm = escalating(recipients="@ops/oncall", webhooks="", escalate_to="@ops/oncall")
    for at, address in ((NOW, "carol@lab.example"), (NOW + timedelta(hours=5), "dave@lab.example")):
        made = enqueue(alarm, saved_tick(), News(new=[event(1)], escalated=[event(2)]), at)
        assert [(one.destinations, one.escalation) for one in made] == [([address], False), ([address], True)]


def test_nobody_to_tell_or_nothing_to_tell_makes_nothing() -> None:
    assert enqueue(saved_alarm(), saved_tick(), NEWS, NOW) == []
    assert enqueue(saved_alarm(name="other", recipients="alice@lab.example"), saved_tick(), News(), NOW) == []


def test_a_team_that_is_not_there_or_an_address_that_is_none_stops_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alarm = saved_alarm(recipients="@nobody nonsense alice@lab.example", webhooks="nonsense")
    [made] = enqueue(alarm, saved_tick(), NEWS, NOW)
    assert made.destinations == ["alice@lab.example"]
    assert "@nobody: there is no such team" in caplog.text
    assert "Webhook in line 1" in caplog.text


def test_logs_hold_no_address_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        enqueue(saved_alarm(recipients="alice@lab.example", webhooks=HOOK), saved_tick(), NEWS, NOW)
    assert "alice@lab.example" not in caplog.text
    assert "secret" not in caplog.text
    assert "https://chat.example/…" in caplog.text


def test_the_same_decision_twice_never_makes_two_messages() -> None:
    alarm, tick = saved_alarm(recipients="alice@lab.example", webhooks=HOOK), saved_tick()
    enqueue(alarm, tick, NEWS, NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue(alarm, tick, NEWS, NOW)
    assert Delivery.objects.count() == 2


def test_the_next_tick_makes_another() -> None:
    alarm = saved_alarm(recipients="alice@lab.example")
    enqueue(alarm, saved_tick(), NEWS, NOW)
    enqueue(alarm, saved_tick(), NEWS, NOW)
    assert Delivery.objects.count() == 2


def test_a_test_goes_where_the_alarms_messages_go_and_is_marked() -> None:
    alarm = saved_alarm(recipients="alice@lab.example", webhooks=HOOK)
    mail, post = enqueue_test(alarm, NEWS, "bob", NOW)
    assert mail.test
    assert post.test
    assert mail.subject.startswith("[TEST] [warning] failures: 1 detection")
    assert "This is a test, asked for by bob." in mail.content["text"]
    assert json.loads(post.content["body"])["test"] is True


def test_a_test_to_named_addresses_goes_to_these_alone() -> None:
    alarm = saved_alarm(recipients="alice@lab.example", webhooks=HOOK)
    [made] = enqueue_test(alarm, News(), "bob", NOW, addresses=["bob@lab.example", "not an address"])
    assert made.destinations == ["bob@lab.example"]


def test_tests_may_be_repeated() -> None:
    alarm = saved_alarm(recipients="alice@lab.example")
    assert enqueue_test(alarm, News(), "bob", NOW)[0].pk != enqueue_test(alarm, News(), "bob", NOW)[0].pk


def test_an_alarm_that_is_not_saved_yet_can_be_tested() -> None:
    from tests.remote.alarms.delivery.news import alarm  # noqa: PLC0415

    [made] = enqueue_test(alarm(version=0), NEWS, "bob", NOW, addresses=["bob@lab.example"])
    assert Delivery.objects.get(pk=made.pk).alarm is None


def test_what_was_given_up_goes_again_to_all_that_do_not_have_it() -> None:
    row = waiting(
        Channel.MAIL, ["bob@lab.example"], outcome=Outcome.DEAD, attempts_made=30, finished_at=NOW,
        reached=["alice@lab.example"], next_attempt_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    row.content["refused"] = {"carol@lab.example": "550 no"}
    row.save()
    later = NOW + timedelta(days=1)
    assert retry(row, later)
    row.refresh_from_db()
    assert (row.outcome, row.attempts_made, row.next_attempt_at) == (Outcome.WAITING, 0, later)
    assert row.finished_at is None
    assert row.destinations == ["bob@lab.example", "carol@lab.example"]
    assert row.reached == ["alice@lab.example"]


@pytest.mark.parametrize("outcome", [Outcome.WAITING, Outcome.SENDING, Outcome.SENT])
def test_what_was_not_given_up_does_not_go_again(outcome: Outcome) -> None:
    row = waiting(Channel.MAIL, ["bob@lab.example"], outcome=outcome)
    assert not retry(row, NOW)
    assert Delivery.objects.get(pk=row.pk).outcome == outcome


def test_what_is_old_goes_with_its_attempts_and_what_waits_stays() -> None:
    def made(outcome: Outcome, age: timedelta) -> Delivery:
        ended = NOW - age
        row = waiting(Channel.MAIL, ["a@lab.example"], outcome=outcome, created_at=ended, finished_at=ended)
        Attempt.objects.create(delivery=row, at=ended, outcome="accepted")
        return row

    day = timedelta(days=1)
    made(Outcome.SENT, KEEP_SENT + day)
    made(Outcome.DEAD, KEEP_DEAD + day)
    stay = {made(Outcome.SENT, KEEP_SENT - day).pk, made(Outcome.DEAD, KEEP_SENT + day).pk}
    stay.add(waiting(Channel.MAIL, ["a@lab.example"], created_at=NOW - KEEP_DEAD * 2).pk)
    assert purge_old(NOW) == 2
    assert set(Delivery.objects.values_list("pk", flat=True)) == stay
    assert Attempt.objects.count() == 2
