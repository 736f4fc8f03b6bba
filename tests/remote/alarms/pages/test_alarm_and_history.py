"""One alarm, the history of one thing, runs; and addresses of today's mails, which go on to open."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from swf_remote.alarms.models import Alarm, Evaluation, State, Tick
from swf_remote.alarms.naming import RESERVED
from swf_remote.alarms.pages.in_words import sentences
from tests.remote.alarms.pages.scenes import PAGE, alarm, event, minutes, reader, tick, url, world
from tests.remote.web.pages import assert_well_made

pytestmark = pytest.mark.django_db


def html_of(client: Client, path: str) -> str:
    response = client.get(url(path), **PAGE)
    assert response.status_code == 200, path
    return response.content.decode()


# ----- an alarm


def test_an_alarm_tells_its_configuration_in_words(client: Client) -> None:
    alarm(for_minutes=10, clear_minutes=30, renotify_hours=48, schedule="mon-fri", scope='site="BNL_*"')
    html = html_of(client, "eic_failures/")
    for words in (
        "Looked at every 5 min, mon-fri (UTC).",
        "Fires when it has matched for 10 min.",
        "Ends when it has been well for 30 min.",
        "Told again every 2 d while it fires.",
        "Task failure ratio.",
        "Threshold",
        "Look at the task&#x27;s error patterns first.",
    ):
        assert words in html, words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"notify": False}, "Nobody is told: e-mail is off. Events are recorded all the same."),
        ({"renotify_hours": 0}, "Told once, however long it fires."),
        ({"tell_cleared": False}, "Its end is not told."),
        ({"every_minutes": 1}, "Looked at every minute."),
        ({"escalate_minutes": 90}, "Others are told, once, of what nobody has acknowledged for 1 h 30 min."),
        ({"group_by": "site"}, "A message groups its events by site."),
    ],
)
def test_each_setting_has_its_sentence(fields: dict[str, Any], words: str) -> None:
    assert words in list(sentences(Alarm(name="x", **fields)))


def test_whom_it_escalates_to_is_shown_to_the_signed_in(client: Client) -> None:
    alarm(escalate_minutes=30, escalate_to="@experts/oncall")
    assert "<bdi>@experts/oncall</bdi>" in html_of(reader(), "eic_failures/")
    assert "@experts" not in html_of(client, "eic_failures/")


def test_an_alarm_that_cannot_be_evaluated_says_why(client: Client) -> None:
    alarm(failing_since=timezone.now() - minutes(5), last_error="The monitor did not answer.")
    html = html_of(client, "eic_failures/")
    assert "Cannot be evaluated" in html and "The monitor did not answer." in html


def test_a_detector_that_is_gone_is_told(client: Client) -> None:
    alarm(detector="gone", parameters={"left": 1})
    html = html_of(client, "eic_failures/")
    assert "is not installed" in html and "left" in html
    assert "gone (not installed)" in html_of(client, "")


def test_recipients_are_for_signed_in_users(client: Client) -> None:
    world()
    assert "shift@example.org" in html_of(reader(), "eic_failures/")
    html = html_of(client, "eic_failures/")
    assert "shift@" not in html and "Recipients" not in html


def test_past_events_come_in_pages(client: Client) -> None:
    of = alarm()
    for number in range(30):
        event(of, number, State.RESOLVED, 60 + number, subject=f"subject {number:03}")
    first = html_of(client, "eic_failures/")
    assert "subject 000" in first and "subject 029" not in first
    older = next(link for link in assert_well_made(first).links if "after=" in link)
    assert "subject 029" in html_of(client, f"eic_failures/{older.split('#')[0]}")


def test_an_unknown_alarm_is_a_404_page(client: Client) -> None:
    for path in ("nothing/", "nothing/task/?key=x", f"runs/{tick().pk}/nothing/", "runs/nothing/", "runs/nothing/x/"):
        assert client.get(url(path), **PAGE).status_code == 404, path


def test_no_address_of_a_page_is_a_name_that_an_alarm_may_have(client: Client) -> None:
    from swf_remote.alarms.urls import urlpatterns  # noqa: PLC0415 - after Django is set up

    taken = set()
    for part in urlpatterns:
        for pattern in getattr(part, "url_patterns", ()):
            first = str(pattern.pattern).split("/")[0]
            if str(part.pattern) == "alarms/" and first and not first.startswith("<"):
                taken.add(first)
    assert taken <= RESERVED


# ----- addresses of today


@pytest.mark.parametrize(
    ("name", "asked"), [("panda_failures", "alarm_panda_failures"), ("alarm_panda_failures", "panda_failures")]
)
def test_today_s_names_of_alarms_lead_to_them(client: Client, name: str, asked: str) -> None:
    alarm(name)
    run = tick()
    for path, goal in (
        (f"{asked}/", f"{name}/"),
        (f"{asked}/task/?key=task:4711&hours=48", f"{name}/task/?key=task%3A4711&hours=48"),
        (f"runs/{run.pk}/{asked}/", f"runs/{run.pk}/{name}/"),
    ):
        response = client.get(url(path), **PAGE)
        assert (response.status_code, response["Location"]) == (301, url(goal))


def test_an_imported_run_shows_what_today_s_tables_knew(client: Client) -> None:
    of, run = alarm(), tick()
    report = {"bundle_subject": "[eic] 1 detection", "bundle_sent": True, "recipients": ["a@example.org"]}
    Evaluation.objects.create(tick=run, alarm=of, at=run.started_at, report=report)
    html = html_of(client, f"runs/{run.pk}/eic_failures/")
    assert "[eic] 1 detection" in html and "recipients" not in html
    assert "a@example.org" in html_of(reader(), f"runs/{run.pk}/eic_failures/")


# ----- runs


def test_a_run_tells_what_was_asked_and_what_failed(client: Client) -> None:
    run = tick(failed=1, queries=[{"query": "TheLink", "seconds": 0.5, "rows": None, "error": "timed out"}])
    Evaluation.objects.create(tick=run, alarm=alarm(), at=run.started_at, error="no answer")
    html = html_of(client, f"runs/{run.pk}/")
    assert "TheLink" in html and "timed out" in html and "no answer" in html


@pytest.mark.parametrize("queries", [[], ["text"], [None], [{}], {"a": 1}])
def test_notes_in_another_shape_do_no_harm(client: Client, queries: object) -> None:
    assert html_of(client, f"runs/{tick(queries=queries).pk}/")


def test_what_a_run_told_of_an_alarm_is_listed_gone_events_too(client: Client) -> None:
    found = world()
    html = html_of(client, f"runs/{found['run'].pk}/eic_failures/")
    assert "New (1)" in html and "Cleared (1)" in html and "not kept any more" in html
    assert "[eic_failures] 1 new" in html_of(reader(), f"runs/{found['run'].pk}/eic_failures/")


def test_a_run_that_had_nothing_to_tell_says_so(client: Client) -> None:
    alarm()
    assert "nothing to tell of this alarm" in html_of(client, f"runs/{tick().pk}/eic_failures/")


def test_runs_come_in_pages_and_the_host_is_told_to_signed_in_users(client: Client) -> None:
    for number in range(60):
        tick(number)
    first = html_of(client, "runs/")
    older = next(link for link in assert_well_made(first).links if "after=" in link)
    assert html_of(client, f"runs/{older}").count("/prod/alarms/runs/") >= 10
    key = Tick.objects.values_list("pk", flat=True)[0]
    assert "host:17" not in html_of(client, f"runs/{key}/") and "host:17" in html_of(reader(), f"runs/{key}/")


# ----- history


def test_the_history_of_a_task_goes_over_all_alarms(client: Client) -> None:
    first, second = alarm(), alarm("other", title="Other")
    event(first, 4711, State.RESOLVED, 200, subject="by the first")
    event(second, 4711, subject="by the second")
    event(second, 4712, subject="about another")
    html = html_of(client, "history/?task=4711")
    assert "by the first" in html and "by the second" in html and "about another" not in html
    assert html.count('class="time-row"') == 2
    assert "/prod/panda/tasks/4711/" in html


def test_the_history_at_today_s_address_is_of_one_alarm(client: Client) -> None:
    first, second = alarm(), alarm("other", title="Other")
    event(first, 4711, State.RESOLVED, 200, subject="by the first")
    event(second, 4711, subject="by the second")
    html = html_of(client, "eic_failures/task/?key=task:4711&hours=24")
    assert "by the first" in html and "by the second" not in html
    assert url("history/?task=4711") in assert_well_made(html).links


@pytest.mark.parametrize(
    "path", ["history/", "history/?task=1&site=2", "eic_failures/task/", "history/?task=1&hours=x"]
)
def test_a_history_of_nothing_is_refused(client: Client, path: str) -> None:
    alarm()
    assert client.get(url(path), **PAGE).status_code == 400


@pytest.mark.parametrize("task", ["..", "4711/../x", "a b", "?x=1", "%2e%2e"])
def test_a_thing_with_an_odd_name_has_no_link_to_a_page(client: Client, task: str) -> None:
    response = client.get(url("history/"), {"task": task}, **PAGE)
    assert response.status_code == 200
    assert "As it is now" not in response.content.decode()
