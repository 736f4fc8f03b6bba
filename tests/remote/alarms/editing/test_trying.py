"""Preview, backtest and test delivery: nothing is saved, the monitor is asked once, and never by many at a time."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from swf_remote.alarms.editing import looking, trying_views
from swf_remote.alarms.editing.turns import NotNowError, Turns
from swf_remote.alarms.inputs.queries import InputError, PastOf, Query, Tasks, TickFailures
from swf_remote.alarms.inputs.recordings import Recordings
from swf_remote.alarms.models import Alarm, AlarmVersion, Attempt, Delivery, Event, Team
from tests.remote.alarms.detecting.worlds import task
from tests.remote.alarms.editing.conftest import NOW, Answer, client_of, moments, posted
from tests.remote.web.pages import assert_well_made

PREVIEW = "/prod/alarms/preview/"
TEST = "/prod/alarms/failing_tasks/test/"
SCRIPT = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
Says = Callable[[Answer], None]


def failing(count: int) -> Answer:
    tasks = tuple(task(number, final_failure_rate=0.5, site="BNL_OSG_1") for number in range(1, count + 1))
    return lambda queries, now: dict.fromkeys(queries, tasks)


def rows() -> tuple[int, ...]:
    return tuple(table.objects.count() for table in (Alarm, AlarmVersion, Event, Delivery))


def test_the_preview_shows_what_matches_with_links_and_the_message(
    clients: Mapping[str, Client], alarm: Alarm, monitor_says: Says
) -> None:
    monitor_says(failing(2))
    before = rows()
    response = clients["owner"].post(PREVIEW, posted(alarm), **SCRIPT)
    html = response.content.decode()
    assert response.status_code == 200 and "<html" not in html
    assert "<strong>2 matches now.</strong>" in html
    assert '<a href="/prod/panda/tasks/1/">' in html and "50 % ≥ 5 %" in html
    assert "The message as it would read" in html and "task 2 (running)" in html
    assert rows() == before


def test_without_a_script_the_whole_editor_comes_back_with_the_preview(
    clients: Mapping[str, Client], alarm: Alarm, monitor_says: Says
) -> None:
    monitor_says(failing(1))
    html = clients["owner"].post(PREVIEW, posted(alarm, title="Typed")).content.decode()
    assert_well_made(html)
    assert "1 match now." in html and 'value="Typed"' in html and "data-typed" in html
    alarm.refresh_from_db()
    assert alarm.title == "Failing tasks"


def test_a_new_alarm_can_be_tried_before_it_has_a_name(clients: Mapping[str, Client], monitor_says: Says) -> None:
    monitor_says(failing(1))
    form = posted(Alarm(detector="task_failure_ratio"), title="T", parameters__threshold="0.1")
    assert "1 match now." in clients["other"].post(PREVIEW, form, **SCRIPT).content.decode()
    assert rows() == (0, 0, 0, 0)


def test_many_matches_are_counted_and_fifty_shown(
    clients: Mapping[str, Client], alarm: Alarm, monitor_says: Says
) -> None:
    monitor_says(failing(53))
    html = clients["owner"].post(PREVIEW, posted(alarm), **SCRIPT).content.decode()
    assert "53 matches now." in html and "And 3 more." in html
    assert html.count("<li>") == 50


def test_matches_beyond_the_scope_are_counted_apart(
    clients: Mapping[str, Client], alarm: Alarm, monitor_says: Says
) -> None:
    monitor_says(failing(3))
    html = clients["owner"].post(PREVIEW, posted(alarm, scope="task=2"), **SCRIPT).content.decode()
    assert "1 match now." in html and "2 more are outside the scope." in html


def test_nothing_found_is_an_answer(clients: Mapping[str, Client], alarm: Alarm, monitor_says: Says) -> None:
    monitor_says(failing(0))
    assert "Nothing matches now." in clients["owner"].post(PREVIEW, posted(alarm), **SCRIPT).content.decode()


def test_what_could_not_be_asked_is_told_and_not_taken_for_nothing(
    clients: Mapping[str, Client], alarm: Alarm, monitor_says: Says
) -> None:
    monitor_says(lambda queries, now: {query: InputError("the link is down") for query in queries})
    html = clients["owner"].post(PREVIEW, posted(alarm), **SCRIPT).content.decode()
    assert "Nobody can say what it finds now." in html and "the link is down" in html
    assert "Nothing matches" not in html


def test_a_monitor_that_is_not_there_is_told_within_the_time(clients: Mapping[str, Client], alarm: Alarm) -> None:
    html = clients["owner"].post(PREVIEW, posted(alarm), **SCRIPT).content.decode()
    assert "Nobody can say what it finds now." in html and "Tasks(days=1)" in html
    link = posted(Alarm(detector="link_down"), title="T")
    assert "1 match now." in clients["owner"].post(PREVIEW, link, **SCRIPT).content.decode()


def test_a_detector_that_fails_is_told(clients: Mapping[str, Client], alarm: Alarm, monitor_says: Says) -> None:
    monitor_says(lambda queries, now: dict.fromkeys(queries, ("no task",)))
    html = clients["owner"].post(PREVIEW, posted(alarm), **SCRIPT).content.decode()
    assert "The detector failed: AttributeError" in html


def test_a_form_with_problems_asks_nobody(clients: Mapping[str, Client], alarm: Alarm, monitor_says: Says) -> None:
    asked: list[Any] = []
    monitor_says(lambda queries, now: asked.append(queries) or {})
    assert "has 1 problem;" in clients["owner"].post(PREVIEW, posted(alarm, title=""), **SCRIPT).content.decode()
    assert clients["owner"].post(PREVIEW, posted(alarm, title="")).status_code == 422
    assert asked == []


def test_the_monitor_is_asked_once_for_all_that_the_detector_needs(
    clients: Mapping[str, Client], monitor_says: Says
) -> None:
    calls: list[set[Query[Any]]] = []

    def answer(queries: Collection[Query[Any]], now: datetime) -> Mapping[Query[Any], Any]:
        calls.append(set(queries))
        return {query: InputError("no") for query in queries}

    monitor_says(answer)
    clients["other"].post(PREVIEW, posted(Alarm(detector="task_stuck"), title="T"), **SCRIPT)
    assert len(calls) == 1
    assert {type(query) for query in calls[0]} == {Tasks, PastOf}


def test_what_is_known_only_in_a_tick_is_empty_outside_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobody:
        def ask(self, queries: Collection[Query[Any]], now: datetime) -> Mapping[Query[Any], Any]:
            raise AssertionError("nothing is to be asked")

    monkeypatch.setattr(looking, "_asker", Nobody)
    assert looking.ask([TickFailures()], NOW) == {TickFailures(): ()}


def test_one_at_a_time_is_tried_and_the_next_is_told_to_come_back(
    clients: Mapping[str, Client], alarm: Alarm, monitor_says: Says
) -> None:
    answers = []

    def answer(queries: Collection[Query[Any]], now: datetime) -> Mapping[Query[Any], Any]:
        answers.append(clients["staff"].post(PREVIEW, posted(alarm), **SCRIPT))
        return dict.fromkeys(queries, ())

    monitor_says(answer)
    assert clients["owner"].post(PREVIEW, posted(alarm), **SCRIPT).status_code == 200
    assert answers[0].status_code == 429 and answers[0]["Retry-After"] == "5"
    monitor_says(failing(0))
    assert clients["staff"].post(PREVIEW, posted(alarm), **SCRIPT).status_code == 200


def test_a_reader_may_try_so_often_a_minute_and_others_are_not_hindered() -> None:
    now = [0.0]
    turns = Turns(a_minute=2, clock=lambda: now[0])
    for second in (0.0, 10.0):
        now[0] = second
        with turns.of("alice"):
            pass
    with pytest.raises(NotNowError) as caught, turns.of("alice"):
        pass
    assert caught.value.seconds == 51
    with turns.of("bob"):
        pass
    now[0] = 60.0
    with turns.of("alice"):
        pass


def test_a_turn_ends_when_trying_fails() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.of("alice"):
        raise ZeroDivisionError
    with turns.of("alice"):
        pass


# ----- backtest


def test_a_backtest_without_anything_kept_says_so(clients: Mapping[str, Client], alarm: Alarm) -> None:
    html = clients["owner"].get("/prod/alarms/failing_tasks/backtest/", {"days": "30"}).content.decode()
    page = assert_well_made(html)
    assert page.heading == "Backtest: Failing tasks"
    assert "?days=1" in page.links


@pytest.mark.parametrize("days", ["0", "-3", "x", "999", "1" * 500])
def test_a_strange_number_of_days_is_read_as_one_that_is_offered(
    clients: Mapping[str, Client], alarm: Alarm, days: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = trying_views.backtest

    def note(alarm: Alarm, days: int, *arguments: Any, **options: Any) -> Any:
        asked.append(days)
        return real(alarm, days, *arguments, **options)

    monkeypatch.setattr(trying_views, "backtest", note)
    assert clients["owner"].get("/prod/alarms/failing_tasks/backtest/", {"days": days}).status_code == 200
    assert 1 <= asked[0] <= 30


def test_what_cannot_be_tried_on_the_past_is_told(clients: Mapping[str, Client], alarm: Alarm) -> None:
    form = posted(Alarm(detector="queue_down"), title="T")
    html = clients["other"].post("/prod/alarms/backtest/", form).content.decode()
    assert_well_made(html)
    assert "which is not kept of earlier ticks" in html


def test_an_alarm_that_is_not_valid_any_more_is_told_and_not_tried(clients: Mapping[str, Client], alarm: Alarm) -> None:
    Alarm.objects.update(parameters={"threshold": 7})
    response = clients["owner"].get("/prod/alarms/failing_tasks/backtest/")
    assert response.status_code == 422
    assert "This alarm cannot be tried as it is" in response.content.decode()


def test_a_changed_alarm_is_compared_with_the_saved_one(
    clients: Mapping[str, Client], alarm: Alarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recordings, "moments", lambda self, since, until: iter(moments(20)))
    form = posted(alarm, parameters__threshold="0.6")
    html = clients["owner"].post("/prod/alarms/backtest/", form).content.decode()
    assert_well_made(html)
    saved, typed = html.split("As it is saved (version 1)")[1].split("As the form says")
    assert "It would have fired 1 time about 1 subject" in saved
    assert "It would not have fired." in typed


def test_the_backtest_shows_events_with_links_and_messages(
    clients: Mapping[str, Client], alarm: Alarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recordings, "moments", lambda self, since, until: iter(moments(20)))
    html = clients["owner"].get("/prod/alarms/failing_tasks/backtest/").content.decode()
    page = assert_well_made(html)
    assert "/prod/panda/tasks/4711/" in page.links
    assert "still at the end" in html and "Messages it would have sent: 1" in html
    assert "<svg" in html


# ----- test delivery


def test_a_test_to_oneself_goes_to_nobody_else(clients: Mapping[str, Client], alarm: Alarm, team: Team) -> None:
    response = clients["owner"].post(TEST, {"to": "me"})
    assert response["Location"] == f"{TEST}?sent=1"
    delivery = Delivery.objects.get()
    assert (delivery.test, delivery.destinations, delivery.alarm) == (True, ["olga@lab.example"], alarm)
    html = clients["owner"].get(response["Location"]).content.decode()
    assert_well_made(html)
    assert "1 message put into the outbox" in html and "Waiting" in html


def test_a_test_to_all_goes_to_people_and_webhooks(clients: Mapping[str, Client], alarm: Alarm, team: Team) -> None:
    assert clients["staff"].post(TEST, {"to": "all"})["Location"] == f"{TEST}?sent=2"
    places = {tuple(one.destinations) for one in Delivery.objects.all()}
    assert ("a@lab.example", "b@lab.example", "shift@lab.example") in places


def test_the_page_shows_what_became_of_tests_without_the_key_of_the_webhook(
    clients: Mapping[str, Client], alarm: Alarm, team: Team
) -> None:
    clients["owner"].post(TEST, {"to": "all"})
    for delivery in Delivery.objects.all():
        Attempt.objects.create(delivery=delivery, at=NOW, outcome="failed", detail="451 try later")
    html = clients["owner"].get(TEST).content.decode()
    assert "451 try later" in html and "secret-key" not in html


def test_who_has_no_address_is_told_so(clients: Mapping[str, Client], alarm: Alarm) -> None:
    client = client_of(User.objects.create_user("noaddress", is_staff=True))
    response = client.post(TEST, {"to": "me"})
    assert response.status_code == 422
    assert "Your account has no e-mail address" in response.content.decode()
    assert not Delivery.objects.exists()


def test_an_alarm_without_people_sends_no_test(clients: Mapping[str, Client], alarm: Alarm) -> None:
    Alarm.objects.update(recipients="", webhooks="")
    assert "names nobody" in clients["owner"].post(TEST, {"to": "all"}).content.decode()


def test_names_that_lead_nowhere_are_told_before_anything_is_sent(clients: Mapping[str, Client], alarm: Alarm) -> None:
    assert "@prodops: there is no such team" in clients["owner"].get(TEST).content.decode()


def test_nobody_floods_people_with_tests(clients: Mapping[str, Client], alarm: Alarm) -> None:
    answers = [clients["owner"].post(TEST, {"to": "me"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert answers[-1]["Retry-After"] and Delivery.objects.count() == 5
