"""The dashboard: what fires comes first, and the engine never looks well when that is not known."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from swf_remote.alarms.models import Alarm, Event, Severity, Silence, State, Tick
from swf_remote.alarms.pages.alarm_table import PAGE as ROWS
from swf_remote.alarms.pages.cards import MOST_CARDS
from tests.remote.alarms.pages.scenes import PAGE, alarm, delivery, event, minutes, reader, tick, url, world
from tests.remote.web.pages import Page, assert_well_made

pytestmark = pytest.mark.django_db
TITLE = "Alarms \N{EN DASH} ePIC monitor"


def shown(client: Client, path: str = "") -> str:
    response = client.get(url(path), **PAGE)
    assert response.status_code == 200
    return response.content.decode()


def engine(html: str) -> tuple[str, str]:
    """The kind of the engine's line, and its words."""
    found = re.search(r'data-engine="(\w+)">(.*?)</div>', html, re.DOTALL)
    assert found
    return found[1], " ".join(re.sub(r"<[^>]*>", "", found[2]).split())


# ----- what fires


def test_the_title_counts_what_fires(client: Client) -> None:
    of = alarm()
    assert assert_well_made(shown(client)).title == TITLE
    for task in range(3):
        event(of, task)
    event(of, 9, State.ACKNOWLEDGED)
    assert assert_well_made(shown(client)).title == f"(3) {TITLE}"


def test_the_oldest_that_nobody_acknowledged_comes_first(client: Client) -> None:
    of = alarm()
    for task, state, ago in (
        (1, State.FIRING, 10),
        (2, State.ACKNOWLEDGED, 500),
        (3, State.FIRING, 90),
        (4, State.ACKNOWLEDGED, 600),
    ):
        event(of, task, state, ago, subject=f"subject {task}")
    cards = re.findall(r"<h3[^>]*>.*?subject (\d).*?</h3>", shown(client))
    assert cards == ["3", "1", "4", "2"]


def test_a_card_tells_the_figure_its_limit_and_leads_to_the_monitors_page(client: Client) -> None:
    made = event(alarm())
    html = shown(client)
    assert "12.4 % &gt; 5 %" in html
    assert {"/prod/panda/tasks/4711/", url(f"events/{made.pk}/"), url("history/?task=4711")} <= set(Page(html).links)


def test_a_silenced_card_says_until_when(client: Client) -> None:
    event(alarm())
    now = timezone.now()
    Silence.objects.create(
        matchers="task=4711", reason="x", created_by="k.l", starts_at=now - minutes(1), ends_at=now + minutes(60)
    )
    assert "silenced until" in shown(client)


def test_more_firing_than_there_are_cards_is_told(client: Client) -> None:
    of = alarm()
    for task in range(MOST_CARDS + 3):
        event(of, task)
    html = shown(client)
    assert html.count("<article") == MOST_CARDS
    assert "3 more" in html


def test_all_well_is_said_only_when_alarms_are_looked_at(client: Client) -> None:
    alarm()
    assert "No alarms firing." not in shown(client)
    tick()
    assert "No alarms firing." in shown(client)


# ----- the engine


def test_without_any_alarm_that_is_on_nothing_is_looked_at(client: Client) -> None:
    alarm(enabled=False)
    assert engine(shown(client))[0] == "idle"


def test_an_engine_that_never_ran_is_said_so(client: Client) -> None:
    alarm()
    assert engine(shown(client)) == ("never", "The engine has not run yet: nothing is known.")


def test_an_engine_that_looks_in_time_is_well(client: Client) -> None:
    alarm()
    tick()
    kind, words = engine(shown(client))
    assert kind == "well" and "last run 1 min ago" in words and "next" in words


@pytest.mark.parametrize(("intervals", "kind"), [(1.5, "well"), (5, "late")])
def test_an_engine_is_late_after_three_intervals(client: Client, intervals: float, kind: str) -> None:
    alarm(evaluated_for=timezone.now() - minutes(5 * intervals), every_minutes=5)
    tick(5 * intervals)
    found, words = engine(shown(client))
    assert found == kind
    assert ("has not run for 25 min" in words) == (kind == "late")


def test_a_new_alarm_is_late_only_after_three_of_its_intervals(client: Client) -> None:
    made = alarm(evaluated_for=None)
    tick(1)
    assert engine(shown(client))[0] == "well"
    Alarm.objects.filter(pk=made.pk).update(created_at=timezone.now() - minutes(30))
    Tick.objects.update(started_at=timezone.now() - minutes(20))
    assert engine(shown(client))[0] == "late"


def test_an_alarm_that_rests_by_its_schedule_is_not_late(client: Client) -> None:
    weekday = (timezone.now() + minutes(2 * 24 * 60)).strftime("%a").lower()
    alarm(evaluated_for=timezone.now() - minutes(3 * 24 * 60), schedule=weekday)
    tick(3 * 24 * 60)
    assert engine(shown(client))[0] == "well"


def test_an_engine_that_stands_still_says_so_though_not_all_alarms_are_late(client: Client) -> None:
    alarm("daily", every_minutes=1440)
    alarm(evaluated_for=timezone.now() - minutes(25), every_minutes=5)
    tick(25)
    assert "has not run for 25 min" in engine(shown(client))[1]


def test_one_of_several_that_was_left_behind_is_told(client: Client) -> None:
    alarm()
    alarm("behind", evaluated_for=timezone.now() - minutes(60))
    tick()
    kind, words = engine(shown(client))
    assert kind == "late" and "1 of 2 alarms were not looked at in time" in words


def test_an_alarm_that_cannot_be_evaluated_is_told_with_the_engine_and_in_the_table(client: Client) -> None:
    alarm(failing_since=timezone.now() - minutes(20))
    tick(failed=1)
    html = shown(client)
    assert engine(html)[0] == "failing"
    assert "cannot be evaluated since" in html
    assert "No alarms firing." not in html


def test_a_run_that_did_not_finish_is_told(client: Client) -> None:
    alarm()
    tick(30, finished_at=None)
    assert engine(shown(client))[0] == "failing"


# ----- the table


def test_the_table_tells_how_noisy_each_alarm_is(client: Client) -> None:
    of = alarm()
    event(of, 1, State.RESOLVED, 100, acknowledged_by="k", acknowledged_at=timezone.now())
    event(of, 2, State.RESOLVED, 200)
    event(of, 3, State.RESOLVED, 3000)
    delivery(of, timezone.now())
    html = shown(client)
    assert "50.0 % (1 of 2)" in html
    assert "1 h 15 min" in html, "the median of 50 and 100 min"


def test_alarms_are_paged_and_sorted(client: Client) -> None:
    for number in range(ROWS + 1):
        alarm(f"n{number:03}", title=f"Number {number:03}")
    loud = alarm("z_loud", title="Loud", severity=Severity.CRITICAL)
    event(loud)
    first = shown(client)
    assert first.index("Loud") < first.index("Number 000")
    assert "Page 1 of 2" in first
    assert "Loud" in shown(client, "?sort=name&page=2").split('id="block-alarms"')[1].split("</section>")[0]
    assert "Page 2 of 2" in shown(client, "?page=99")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("hours=0", "hours is"),
        ("hours=x", "hours is"),
        ("state=broken", "state is"),
        ("severity=bad", "severity is"),
        ("sort=colour", "sort is"),
        ("page=0", "page is"),
        ("page=\N{SUPERSCRIPT TWO}", "page is"),
        ("task=1&site=2", "Give one of"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(client: Client, query: str, words: str) -> None:
    response = client.get(url(f"?{query}"), **PAGE)
    assert response.status_code == 400
    assert words in response.content.decode()


def test_the_live_part_alone_is_what_the_page_shows(client: Client) -> None:
    world()
    part = shown(client, "?part=live")
    assert part.startswith("<div data-live")
    assert client.get(url("?part=other"), **PAGE).status_code == 404


def test_messages_that_were_given_up_are_told_to_signed_in_users(client: Client) -> None:
    world()
    assert "Messages given up: 1" in shown(reader())
    assert "given up" not in shown(client)


def test_a_filter_stays_in_the_addresses_of_the_page(client: Client) -> None:
    world()
    html = shown(client, "?alarm=eic_failures&severity=critical&hours=48")
    assert url("events/?hours=48&amp;alarm=eic_failures&amp;severity=critical&amp;format=csv") in html


def test_the_number_of_queries_does_not_grow(client: Client) -> None:
    world()
    tick()

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            shown(client)
        return len(found)

    before = queries()
    of = Alarm.objects.get(name="eic_failures")
    for number in range(15):
        event(alarm(f"more{number}"), 100 + number)
        event(of, 200 + number)
        event(of, 300 + number, State.RESOLVED, 50 + number)
        tick(number)
    assert Event.objects.count() > 45
    assert queries() <= before <= 20
