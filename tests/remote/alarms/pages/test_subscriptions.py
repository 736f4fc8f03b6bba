"""The page of one's subscriptions and quiet hours."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from swf_remote.alarms.models import Alarm, Delivery, Outcome, Preference, Subscription
from swf_remote.alarms.subscribing import MOST
from tests.remote.alarms.pages.scenes import PAGE, alarm, delivery, event, reader, tick, url
from tests.remote.web.pages import assert_well_made

pytestmark = pytest.mark.django_db
LIST = url("subscriptions/")
WANTED = {"alarm": "", "severity": "info", "matchers": ""}


def shown(client: Client, path: str = LIST) -> str:
    response = client.get(path, **PAGE)
    assert response.status_code == 200
    text = response.content.decode()
    assert_well_made(text)
    return html.unescape(text)


def subscription(user: str, of: Alarm | None = None, **fields: Any) -> Subscription:
    made, _ = User.objects.get_or_create(username=user)
    return Subscription.objects.create(user=made, alarm=of, created_at=timezone.now(), **fields)


def test_somebody_subscribes_to_an_alarm_and_sees_it_in_the_list() -> None:
    alice, of = reader("alice"), alarm()
    response = alice.post(LIST, WANTED | {"alarm": of.name, "severity": "warning", "matchers": ' site="B*" '}, **PAGE)
    made = Subscription.objects.get()
    assert (response.status_code, response["Location"]) == (303, f"{LIST}#subscription-{made.pk}")
    assert (made.user.username, made.alarm, made.severity, made.matchers) == ("alice", of, "warning", 'site="B*"')
    assert 'the alarm eic_failures, from warning on, where site="B*"' in shown(alice)


def test_somebody_subscribes_to_every_alarm() -> None:
    alice = reader("alice")
    alice.post(LIST, WANTED, **PAGE)
    assert Subscription.objects.get().alarm is None
    assert "every alarm" in shown(alice)


def test_the_alarms_page_leads_to_a_form_that_names_it(client: Client) -> None:
    of = alarm()
    href = f"{LIST}?alarm={of.name}#new"
    for who in (client, reader("alice")):
        assert href in assert_well_made(who.get(url(f"{of.name}/"), **PAGE).content.decode()).links
    assert f'<option value="{of.name}" selected>' in shown(reader("alice"), f"{LIST}?alarm={of.name}")


def test_the_alarms_page_of_a_subscriber_leads_to_the_list() -> None:
    of = alarm()
    subscription("alice", of)
    links = assert_well_made(reader("alice").get(url(f"{of.name}/"), **PAGE).content.decode()).links
    assert f"{LIST}?alarm={of.name}#new" not in links
    assert LIST in links


def test_an_archived_alarm_offers_no_subscription_and_takes_none() -> None:
    of = alarm(archived=True)
    alice = reader("alice")
    assert "#new" not in alice.get(url(f"{of.name}/"), **PAGE).content.decode()
    response = alice.post(LIST, WANTED | {"alarm": of.name}, **PAGE)
    assert response.status_code == 422
    assert "is archived" in response.content.decode()


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"alarm": "nothing"}, "alarm", "There is no such alarm"),
        ({"severity": "dreadful"}, "severity", "not a valid choice"),
        ({"severity": ""}, "severity", "cannot be blank"),
        ({"matchers": "site"}, "matchers", "expected label=\"value\" at 'site'"),
        ({"matchers": 'site=~"("'}, "matchers", "is no regular expression"),
        ({"matchers": 'site=~"(a{1,1000}){1,1000}"'}, "matchers", "is no regular expression"),
        ({"matchers": "site=<script>alert(1)</script>, x"}, "matchers", "expected label"),
        ({"matchers": "task=" + "1" * 600}, "matchers", "500 characters"),
        ({"matchers": "site=a\u202e,,"}, "matchers", "expected label"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays(
    wrong: dict[str, str], field: str, words: str
) -> None:
    response = reader("alice").post(LIST, WANTED | wrong, **PAGE)
    text = response.content.decode()
    page = assert_well_made(text)
    assert response.status_code == 422
    assert page.title.startswith("Error: ")
    told = html.unescape(text).split(f'id="{field}-error"')[1].split("</div>")[0]
    assert words in told
    assert "<script>alert" not in text
    if field == "matchers" and len(wrong[field]) < 500:
        assert wrong[field] in [attrs.get("value") for attrs in page.all("input")]
    assert not Subscription.objects.exists()


def test_nul_is_refused() -> None:
    assert reader("alice").post(LIST, WANTED | {"matchers": "task=\0"}, **PAGE).status_code == 400


def test_subscribing_twice_is_as_good_as_once_and_switches_on_what_was_off() -> None:
    alice = reader("alice")
    subscription("alice", matchers="task=1", enabled=False)
    alice.post(LIST, WANTED | {"matchers": "task=1"}, **PAGE)
    assert Subscription.objects.get().enabled


def test_nobody_has_more_subscriptions_than_the_bound() -> None:
    alice = reader("alice")
    for number in range(MOST):
        subscription("alice", matchers=f"task={number}")
    response = alice.post(LIST, WANTED, **PAGE)
    assert response.status_code == 422
    assert f"You have {MOST} subscriptions" in response.content.decode()
    assert reader("bob").post(LIST, WANTED, **PAGE).status_code == 303


def test_a_subscription_is_switched_off_and_on_and_removed() -> None:
    alice, row = reader("alice"), subscription("alice")
    alice.post(url(f"subscriptions/{row.pk}/turn/"), {"enabled": "off"}, **PAGE)
    assert "(off)" in shown(alice)
    alice.post(url(f"subscriptions/{row.pk}/turn/"), {"enabled": "on"}, **PAGE)
    assert "(off)" not in shown(alice)
    assert alice.post(url(f"subscriptions/{row.pk}/remove/"), **PAGE).status_code == 303
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("what", ["remove", "turn"])
@pytest.mark.parametrize("who", ["bob", "staff"])
def test_others_subscriptions_are_not_there_to_be_changed(what: str, who: str) -> None:
    row = subscription("alice")
    response = reader(who, staff=who == "staff").post(url(f"subscriptions/{row.pk}/{what}/"), {}, **PAGE)
    assert response.status_code == 404
    assert Subscription.objects.get().enabled


def test_nobody_but_staff_sees_others_subscriptions() -> None:
    subscription("alice", matchers="task=4711")
    assert "task=4711" not in shown(reader("bob"))
    assert "alice: every alarm, where task=4711" in "".join(
        shown(reader("stella", staff=True)).replace("<bdi>", "").replace("</bdi>", "")
    )


@pytest.mark.parametrize("path", ["", "quiet-hours/", "x/remove/", "x/turn/"])
def test_anonymous_readers_are_led_to_the_log_in_page_and_change_nothing(client: Client, path: str) -> None:
    response = client.post(LIST + path, WANTED, **PAGE)
    assert response.status_code == 401
    assert not Subscription.objects.exists()
    if not path:
        led = client.get(f"{LIST}?alarm=x", **PAGE)
        assert (led.status_code, led["Location"]) == (302, f"/prod/accounts/login/?next={LIST}%3Falarm%3Dx")


def test_quiet_hours_are_kept_and_said_to_hold() -> None:
    alice = reader("alice")
    assert "checked" in shown(alice).split('id="urgent_anyway"')[1].split(">")[0]
    now = timezone.now()
    hours = f"{now - timedelta(hours=1):%H}:00-{now + timedelta(hours=3):%H}:00"
    response = alice.post(url("subscriptions/quiet-hours/"), {"quiet_hours": hours}, **PAGE)
    assert (response.status_code, response["Location"]) == (303, f"{LIST}#quiet-hours")
    kept = Preference.objects.get()
    assert (kept.user.username, kept.quiet_hours, kept.urgent_anyway) == ("alice", hours, False)
    text = shown(alice)
    assert "They hold now, until" in text
    assert f'value="{hours}"' in text


def test_quiet_hours_are_changed_and_taken_away() -> None:
    alice = reader("alice")
    for hours in ("22:00-06:00", "sat-sun", ""):
        alice.post(url("subscriptions/quiet-hours/"), {"quiet_hours": hours, "urgent_anyway": "on"}, **PAGE)
        assert Preference.objects.get().quiet_hours == hours


@pytest.mark.parametrize(
    ("hours", "words"),
    [("nights", "is no time of the week"), ("mon-sun", "never end"), ("sat;" * 60, "at most 200 characters")],
)
def test_wrong_quiet_hours_are_told_beside_their_field(hours: str, words: str) -> None:
    response = reader("alice").post(url("subscriptions/quiet-hours/"), {"quiet_hours": hours}, **PAGE)
    text = html.unescape(response.content.decode())
    assert response.status_code == 422
    assert words in text.split('id="quiet_hours-error"')[1].split("</div>")[0]
    assert f'value="{hours}"' in text
    assert not Preference.objects.exists()


@pytest.mark.parametrize("address", ["", "nonsense"])
def test_an_account_without_an_address_is_told_so_and_where_to_give_one(address: str) -> None:
    text = shown(reader("alice", email=address))
    assert "no e-mail address that works" in text
    assert 'href="/prod/account/"' in text.split("no e-mail address that works")[1].split("</div>")[0]


def test_the_page_says_where_mails_go_and_for_whom_quiet_hours_hold() -> None:
    text = shown(reader("alice", email="alice@lab.example"))
    assert "alice@lab.example" in text
    assert "no e-mail address" not in text
    assert "They hold for your subscriptions only" in text


def test_the_pages_of_the_alarms_lead_there_for_who_is_signed_in(client: Client) -> None:
    assert LIST in assert_well_made(reader().get(url(""), **PAGE).content.decode()).links
    assert LIST not in assert_well_made(client.get(url(""), **PAGE).content.decode()).links


def test_messages_to_a_subscriber_are_seen_by_that_user_and_staff_alone() -> None:
    of, run = alarm(), tick()
    event(of)
    alice = User.objects.create(username="alice")
    row = delivery(of, run.started_at, run, subscriber=alice, subject="[eic_failures] for alice", outcome=Outcome.DEAD)
    paths = ["deliveries/", f"deliveries/{row.pk}/", ""]
    for name, sees in (("alice", True), ("stella", True), ("bob", False)):
        client = reader(name, staff=name == "stella")
        found = [client.get(url(path), **PAGE) for path in paths]
        assert [one.status_code for one in found] == [200, 200 if sees else 404, 200], name
        assert ("for alice" in found[0].content.decode()) == sees, name
        assert ("Messages given up" in found[2].content.decode()) == sees, name
    assert "for alice" not in reader("bob").get(url(f"runs/{run.pk}/{of.name}/"), **PAGE).content.decode()
    assert "for alice" in reader("alice").get(url(f"runs/{run.pk}/{of.name}/"), **PAGE).content.decode()
    assert reader("bob").post(url(f"deliveries/{row.pk}/again/"), **PAGE).status_code == 404
    assert Delivery.objects.get().outcome == Outcome.DEAD
