"""Subscribers get mails of their own about what they asked for, after their quiet hours."""

from __future__ import annotations

import email
import email.policy
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from swf_remote.alarms.delivery.letter import letter
from swf_remote.alarms.delivery.outbox import enqueue, enqueue_test, purge_old
from swf_remote.alarms.delivery.recording import begin_next
from swf_remote.alarms.models import Alarm, Channel, Delivery, Event, Outcome, Preference, Subscription
from swf_remote.alarms.routing.news import News
from tests.remote.alarms.delivery.news import NOW, event, over, saved_alarm, saved_tick, waiting
from tests.remote.alarms.delivery.senders import Hold
from tests.remote.alarms.engine import rig

pytestmark = pytest.mark.django_db
NIGHT = "22:00-06:00"
MORNING = NOW.replace(hour=6, minute=0)
HOUR = timedelta(hours=1)


def subscriber(name: str = "anna", alarm: Alarm | None = None, **fields: object) -> User:
    """A user with an address, who has subscribed."""
    user, _ = User.objects.get_or_create(username=name, defaults={"email": f"{name}@lab.example"})
    Subscription.objects.create(user=user, alarm=alarm, created_at=NOW, **fields)
    return user


def sleeps(user: User, hours: str = NIGHT, *, urgent_anyway: bool = True) -> None:
    Preference.objects.create(user=user, quiet_hours=hours, urgent_anyway=urgent_anyway)


def tell(alarm: Alarm, news: News, now: datetime = NOW) -> dict[str, Delivery]:
    """What is put into the outbox for subscribers, by address."""
    made = [row for row in enqueue(alarm, saved_tick(now), news, now) if row.subscriber_id is not None]
    return {row.destinations[0]: Delivery.objects.get(pk=row.pk) for row in made}


def due(now: datetime) -> list[str]:
    """Whom the outbox would mail then, in its order."""
    found = []
    while begun := begin_next(now, Hold(), [Channel.MAIL], (), ()):
        found.append(begun.parcel.destinations[0])
    return found


def test_a_subscriber_gets_a_mail_of_its_own_beside_the_alarms_people() -> None:
    alarm = saved_alarm(recipients="ops@lab.example")
    user = subscriber(alarm=alarm)
    made = enqueue(alarm, saved_tick(), News(new=[event()]), NOW)
    assert [(row.destinations, row.subscriber) for row in made] == [
        (["ops@lab.example"], None),
        (["anna@lab.example"], user),
    ]
    assert {row.outcome for row in Delivery.objects.all()} == {Outcome.WAITING}


def test_subscribers_are_told_of_an_alarm_that_names_nobody() -> None:
    alarm = saved_alarm()
    subscriber()
    assert list(tell(alarm, News(new=[event()]))) == ["anna@lab.example"]


def test_who_is_among_the_alarms_people_gets_nothing_extra() -> None:
    subscriber()
    assert tell(saved_alarm(recipients="Anna@LAB.example"), News(new=[event()])) == {}


def test_several_subscriptions_of_one_user_make_one_mail() -> None:
    alarm = saved_alarm()
    subscriber(alarm=alarm, matchers="task=1")
    subscriber(matchers="task=2")
    [row] = tell(alarm, News(new=[event(1), event(2), event(3)])).values()
    assert row.subject.startswith("[warning] failures: 2 detections, 2 new")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, [1, 2, 3]),
        ({"matchers": "site=BNL"}, [1, 2, 3]),
        ({"matchers": "task=2"}, [2]),
        ({"matchers": 'task!=2, task!~"3"'}, [1]),
        ({"matchers": "site=NERSC"}, []),
        ({"severity": "warning"}, [2, 3]),
        ({"severity": "critical"}, [3]),
        ({"severity": "critical", "matchers": "task=2"}, []),
        ({"enabled": False}, []),
    ],
)
def test_the_mail_tells_of_the_events_that_match_and_of_no_others(fields: dict[str, object], told: list[int]) -> None:
    alarm = saved_alarm()
    subscriber(alarm=alarm, **fields)
    events: list[Event] = [event(1, severity="info"), over(2), event(3, severity="critical")]
    found = tell(alarm, News(new=[events[0]], cleared=[events[1]], continuing=[events[2]], acknowledged=4, silenced=5))
    assert bool(found) == bool(told)
    for row in found.values():
        assert [number for number in (1, 2, 3) if events[number - 1].pk in row.content["text"]] == told
        assert "Not told here" not in row.content["text"]


def test_subscriptions_to_other_alarms_are_not_meant() -> None:
    subscriber(alarm=saved_alarm(name="other"))
    assert tell(saved_alarm(), News(new=[event()])) == {}


def test_the_mail_says_why_it_comes_and_how_it_ends() -> None:
    alarm = saved_alarm()
    subscriber(alarm=alarm, severity="warning", matchers='site="B*"')
    [row] = tell(alarm, News(new=[event()])).values()
    mail = email.message_from_bytes(letter(row.subject, row.content), policy=email.policy.default)
    page = "http://127.0.0.1:8000/prod/alarms/subscriptions/"
    assert mail["List-Unsubscribe"] == f"<{page}>"
    for part in mail.iter_parts():
        words = " ".join(part.get_content().replace("&quot;", '"').split())
        assert 'you subscribed to the alarm failures, from warning on, where site="B*".' in words
        assert page in words


def test_the_alarms_own_mail_says_nothing_of_subscriptions() -> None:
    subscriber()
    row, _ = enqueue(saved_alarm(recipients="ops@lab.example"), saved_tick(), News(new=[event()]), NOW)
    assert "subscri" not in row.content["text"] + row.content["html"]
    assert b"List-Unsubscribe" not in letter(row.subject, row.content)


def test_each_mail_has_an_identifier_and_names_no_address() -> None:
    subscriber("anna")
    subscriber("bob")
    found = tell(saved_alarm(), News(new=[event()]))
    for row in found.values():
        assert row.content["message_id"] == f"<{row.pk}@127.0.0.1>"
        assert b"@lab.example" not in letter(row.subject, row.content)
    assert len({row.pk for row in found.values()}) == 2


def test_the_same_decision_never_makes_two_mails() -> None:
    alarm, tick = saved_alarm(), saved_tick()
    subscriber()
    enqueue(alarm, tick, News(new=[event()]), NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue(alarm, tick, News(new=[event()]), NOW)
    assert Delivery.objects.count() == 1


def test_what_falls_into_quiet_hours_waits_until_they_end_and_says_so() -> None:
    sleeps(subscriber())
    [row] = tell(saved_alarm(), News(new=[event()])).values()
    assert (row.next_attempt_at, row.waits_until, row.created_at) == (MORNING, MORNING, NOW)
    words = "As of 2026-11-29 03:14 UTC; this message waited for the end of your quiet hours, 2026-11-29 06:00 UTC."
    assert words in row.content["text"]
    assert words in row.content["html"]
    assert row.content["date"] == "Sun, 29 Nov 2026 06:00:00 +0000"
    assert due(MORNING - timedelta(seconds=1)) == []
    assert due(MORNING) == ["anna@lab.example"]


def test_quiet_hours_that_began_before_midnight_hold_after_it() -> None:
    sleeps(subscriber(), "sat 22:00-06:00")
    assert tell(saved_alarm(), News(new=[event()]))["anna@lab.example"].next_attempt_at == MORNING


def test_outside_of_quiet_hours_mails_go_at_once() -> None:
    sleeps(subscriber())
    [row] = tell(saved_alarm(), News(new=[event()]), MORNING).values()
    assert (row.next_attempt_at, row.waits_until) == (MORNING, None)
    assert "waited" not in row.content["text"]


@pytest.mark.parametrize(
    ("urgent_anyway", "news", "waits"),
    [
        (True, News(new=[event(severity="critical"), event(2)]), False),
        (True, News(continuing=[event(severity="critical")]), False),
        (True, News(new=[event()], cleared=[over(severity="critical")]), True),
        (False, News(new=[event(severity="critical")]), True),
    ],
)
def test_critical_events_come_at_once_for_whom_wants_that(urgent_anyway: bool, news: News, waits: bool) -> None:
    sleeps(subscriber(), urgent_anyway=urgent_anyway)
    [row] = tell(saved_alarm(), news).values()
    assert (row.waits_until is not None) == waits


def test_a_critical_event_that_was_not_asked_for_breaks_no_quiet_hours() -> None:
    sleeps(subscriber(matchers="task=2"))
    [row] = tell(saved_alarm(), News(new=[event(1, severity="critical"), event(2)])).values()
    assert row.waits_until == MORNING


def test_the_alarms_own_people_have_no_quiet_hours() -> None:
    sleeps(User.objects.create(username="anna", email="anna@lab.example"))
    [row] = enqueue(saved_alarm(recipients="anna@lab.example"), saved_tick(), News(new=[event()]), NOW)
    assert row.next_attempt_at == NOW


def test_quiet_hours_of_days_are_waited_for_to_their_end() -> None:
    sleeps(subscriber(), "sat-sun; mon 00:00-07:00")
    saturday = NOW - 24 * HOUR
    [row] = tell(saved_alarm(), News(new=[event()]), saturday).values()
    assert row.waits_until == MORNING + 25 * HOUR
    assert due(saturday) == due(NOW) == due(MORNING + 24 * HOUR) == []
    assert due(MORNING + 25 * HOUR) == ["anna@lab.example"]


def test_a_clock_that_is_set_back_a_day_makes_nobody_wait_for_the_old_time() -> None:
    sleeps(subscriber())
    tell(saved_alarm(), News(new=[event()]), NOW + 24 * HOUR)
    assert due(NOW) == ["anna@lab.example"]


def test_a_clock_that_is_set_back_a_little_does_not_end_quiet_hours() -> None:
    sleeps(subscriber())
    tell(saved_alarm(), News(new=[event()]))
    assert due(NOW - HOUR) == []
    assert due(MORNING) == ["anna@lab.example"]


def test_what_was_tried_after_its_quiet_hours_is_tried_again_as_any_other() -> None:
    late = waiting(
        Channel.MAIL, ["anna@lab.example"], subscriber=subscriber(), waits_until=MORNING, attempts_made=1,
        next_attempt_at=NOW + 24 * HOUR,
    )  # fmt: skip
    assert due(NOW) == late.destinations


def test_the_alarms_own_people_do_not_wait_for_subscribers() -> None:
    user = subscriber()
    for number in range(3):
        waiting(Channel.MAIL, [f"{number}@lab.example"], subscriber=user, next_attempt_at=NOW - HOUR)
    waiting(Channel.MAIL, ["ops@lab.example"])
    assert due(NOW)[0] == "ops@lab.example"


def test_a_disabled_account_gets_nothing_and_what_waited_for_it_goes() -> None:
    user, alarm = subscriber(), saved_alarm()
    sleeps(user)
    tell(alarm, News(new=[event()]))
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert tell(alarm, News(new=[event()])) == {}
    assert due(MORNING) == []
    assert purge_old(MORNING) == 1
    assert not Delivery.objects.exists()


def test_a_deleted_account_takes_its_subscriptions_and_messages_along() -> None:
    user, alarm = subscriber(), saved_alarm(recipients="ops@lab.example")
    sleeps(user)
    enqueue(alarm, saved_tick(), News(new=[event()]), NOW)
    user.delete()
    assert [row.destinations for row in Delivery.objects.all()] == [["ops@lab.example"]]
    assert not Subscription.objects.exists()
    assert not Preference.objects.exists()
    assert tell(alarm, News(new=[event()])) == {}


@pytest.mark.parametrize("address", ["", "nonsense", "two@lab.example, more@lab.example", "a@b\r\nBcc: c@d.example"])
def test_an_account_without_an_address_that_works_gets_nothing(address: str) -> None:
    User.objects.create(username="anna", email=address)
    subscriber()
    assert tell(saved_alarm(), News(new=[event()])) == {}


def test_rows_that_cannot_be_read_stop_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    subscriber("anna", matchers='task=~"("')
    sleeps(subscriber("bob"), "nonsense")
    subscriber("carol")
    found = tell(saved_alarm(), News(new=[event()]))
    assert list(found) == ["bob@lab.example", "carol@lab.example"]
    assert found["bob@lab.example"].waits_until is None
    assert "tells of nothing" in caplog.text
    assert "are not heeded" in caplog.text
    assert "@lab.example" not in caplog.text


def test_matchers_that_would_take_others_for_ever_take_no_time() -> None:
    subscriber(matchers='taskname=~"(a*)*(a|aa)+$b"')
    labels = {"taskname": "a" * 50_000}
    assert tell(saved_alarm(), News(new=[event(labels=labels)])) == {}


def test_words_of_matchers_forge_neither_lines_nor_marks_in_the_mail() -> None:
    subscriber(matchers='task!="<b>\r\nBcc: x@y.example"')
    [row] = tell(saved_alarm(), News(new=[event()])).values()
    assert "<b>" not in row.content["html"]
    assert "\nBcc" not in row.content["text"]
    mail = email.message_from_bytes(letter(row.subject, row.content))
    assert mail["Bcc"] is None


@pytest.mark.parametrize("notify", [True, False])
def test_an_alarm_that_tells_nobody_tells_no_subscriber(notify: bool) -> None:
    subscriber()
    rig.alarm(notify=notify, recipients="")
    world = rig.World(failing={4711: 12})
    engine = world.engine()
    engine.enqueue = enqueue
    for _ in range(3):
        world.tick(engine)
        world.pass_time()
    assert [row.destinations for row in Delivery.objects.all()] == ([["anna@lab.example"]] if notify else [])


def test_tests_go_to_no_subscriber() -> None:
    subscriber()
    assert enqueue_test(saved_alarm(), News(new=[event()]), "bob", NOW) == []


def test_a_thousand_subscribers_cost_one_question_and_one_text_for_all_that_ask_alike() -> None:
    alarm, tick = saved_alarm(), saved_tick()
    users = User.objects.bulk_create(User(username=f"u{n}", email=f"u{n}@lab.example") for n in range(1000))
    Preference.objects.bulk_create(Preference(user=user, quiet_hours=NIGHT) for user in users[:500])
    Subscription.objects.bulk_create(Subscription(user=user, created_at=NOW, matchers="site=B*") for user in users)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        made = enqueue(alarm, tick, News(new=[event(number) for number in range(60)]), NOW)
    questions = [one["sql"] for one in asked if one["sql"].startswith("SELECT")]
    assert len(made) == 1000
    assert sum("alarms_subscription" in sql for sql in questions) == 1
    assert len(questions) == 2  # the other one asks for teams
    assert len({id(row.content["text"]) for row in made}) == 2
