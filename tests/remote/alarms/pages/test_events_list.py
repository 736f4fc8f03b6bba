"""The list of events: each exactly once over all its pages, found by indexes, the same as CSV."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from swf_remote.alarms.models import Alarm, Event, State
from swf_remote.alarms.pages import listing
from swf_remote.alarms.pages.keyset import Mark
from swf_remote.alarms.pages.listing import PARTS, listed
from swf_remote.alarms.selection import Selection
from tests.remote.alarms.pages.scenes import PAGE, alarm, event, minutes, url, world
from tests.remote.web.pages import Page

pytestmark = pytest.mark.django_db
STATES = (State.FIRING, State.ACKNOWLEDGED, State.PENDING, State.RESOLVED, State.RESOLVED, State.RESOLVED)


@pytest.fixture
def many() -> list[Event]:
    """Events in all states, many of which ended in the same moment, as after an outage."""
    of, other, now = alarm(), alarm("other"), timezone.now()
    made = []
    for number in range(90):
        state = STATES[number % len(STATES)]
        words: dict[str, Any] = {"severity": "critical" if number % 7 == 0 else "warning"}
        if state == State.RESOLVED:
            words["resolved_at"] = now - minutes(10 * (number % 5 + 1))
        made.append(event(of if number % 2 else other, number, state, 60 + number, **words))
    event(of, 999, State.RESOLVED, 60 * 24 * 10)
    return made


def walk(selection: Selection, size: int) -> list[Event]:
    now, mark, found, steps = timezone.now(), None, list[Event](), 0
    while True:
        page = listed(selection, now, mark, size)
        found += page.events
        steps += 1
        assert steps < 500
        if page.next is None:
            return found
        mark = Mark.read(str(page.next), PARTS)


@pytest.mark.parametrize("size", [1, 7, 45, 500])
@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(state="open"),
        Selection(state="resolved"),
        Selection(state="firing"),
        Selection(alarm="other"),
        Selection(severity="critical"),
        Selection(words="TASK 1"),
        Selection(subject=("task", "12")),
        Selection(hours=2000),
        Selection(alarm="other", severity="critical", state="resolved"),
    ],
    ids=str,
)
def test_every_event_of_a_selection_is_on_one_page(
    many: list[Event], monkeypatch: pytest.MonkeyPatch, selection: Selection, size: int
) -> None:
    monkeypatch.setattr(listing, "LOOKED_AT", 10)
    found = [one.pk for one in walk(selection, size)]
    assert len(found) == len(set(found))
    assert set(found) == {one.pk for one in selection.events(timezone.now())}


def test_open_ones_come_first_then_by_when_they_ended(many: list[Event]) -> None:
    found = walk(Selection(), 13)
    opened = [one for one in found if one.resolved_at is None]
    ends = [one.resolved_at for one in found if one.resolved_at]
    assert found[: len(opened)] == opened
    assert ends == sorted(ends, reverse=True)


def test_a_rare_condition_is_looked_for_in_steps_and_the_page_says_how_far(
    client: Client, many: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOKED_AT", 10)
    html = client.get(url("events/?q=nothing"), **PAGE).content.decode()
    assert "Look further" in html and "were looked through, down to" in html


def test_pages_are_linked_and_keep_their_filter(client: Client, many: list[Event]) -> None:
    html = client.get(url("events/?severity=warning"), **PAGE).content.decode()
    older = next(link for link in Page(html).links if "after=" in link)
    assert "severity=warning" in older
    second = client.get(older, **PAGE).content.decode()
    keys = [set(re.findall(r"/prod/alarms/events/([0-9a-f-]{36})/", one)) for one in (html, second)]
    assert keys[0] and keys[1] and not keys[0] & keys[1]


@pytest.mark.parametrize("after", ["x", "r", "r1", "z1.a", "r99999999999999999999.a", "r1.<b>", "o1.a.b"])
def test_a_mark_that_is_none_is_refused(client: Client, after: str) -> None:
    assert client.get(url("events/"), {"after": after}, **PAGE).status_code == 400


@pytest.mark.parametrize("after", ["r0.", "o0.a", "r99999999999999999.z", "r12345.~"])
def test_a_mark_of_any_moment_is_a_place_in_the_list(client: Client, after: str) -> None:
    assert client.get(url("events/"), {"after": after}, **PAGE).status_code == 200


def test_the_csv_is_what_the_pages_show(client: Client, many: list[Event]) -> None:
    response = client.get(url("events/?format=csv&severity=critical"))
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["id"] for row in rows] == [one.pk for one in walk(Selection(severity="critical"), 20)]
    assert rows[0]["fired_utc"] == "" or rows[0]["fired_utc"].endswith("Z")


@pytest.mark.parametrize(("alarms", "field"), [(3, "select"), (61, "input")])
def test_an_alarm_is_chosen_from_a_list_that_is_not_too_long(client: Client, alarms: int, field: str) -> None:
    for number in range(alarms):
        alarm(f"n{number}")
    page = Page(client.get(url("events/?alarm=n1"), **PAGE).content.decode())
    assert [attrs.get("name") for attrs in page.all(field)].count("alarm") == 1


def test_another_format_is_refused(client: Client) -> None:
    assert client.get(url("events/?format=xml"), **PAGE).status_code == 400


# ----- however many events there are

PATHS = (
    "", "?hours=8000", "?q=x&hours=8000", "events/?hours=8000", "events/?hours=8000&severity=critical",
    "events/?hours=8000&q=nothing", "events/?hours=8000&task=7", "events/?hours=8000&state=resolved",
    "history/?task=7&hours=8000", "eic_failures/", "eic_failures/task/?key=task:7", "runs/",
)  # fmt: skip


def fill(of: Alarm, number: int) -> None:
    now = timezone.now()
    Event.objects.bulk_create(
        Event(
            alarm=of, fingerprint=f"task:{step % 5000}", state=State.RESOLVED, severity="warning",
            subject=f"task {step}",
            first_seen=now - timedelta(minutes=step + 9), fired_at=now - timedelta(minutes=step + 9),
            last_seen=now - timedelta(minutes=step), resolved_at=now - timedelta(minutes=step),
        )
        for step in range(number)
    )  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_query_scans_the_history(client: Client, path: str) -> None:
    fill(world()["alarm"], 500)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url(path), **PAGE).status_code == 200
    assert len(found) <= 20
    for query in found.captured_queries:
        if "alarms_event" not in query["sql"] and "alarms_tick" not in query["sql"]:
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plan = [str(row[3]) for row in cursor.fetchall()]
        scans = [step for step in plan if step.startswith(("SCAN alarms_event", "SCAN alarms_tick"))]
        assert all("USING" in step and "LIMIT" in query["sql"] for step in scans), (plan, query["sql"])
        assert not any("SCAN alarms_event" in step for step in plan), (plan, query["sql"])


def test_rows_that_are_read_are_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(world()["alarm"], 3000)
    loaded: list[int] = []
    plain = Event.from_db.__func__  # type: ignore[attr-defined]

    def counting(cls: type[Event], *facts: Any) -> Event:
        loaded.append(1)
        made: Event = plain(cls, *facts)
        return made

    monkeypatch.setattr(Event, "from_db", classmethod(counting))
    for path in PATHS:
        loaded.clear()
        client.get(url(path), **PAGE)
        assert len(loaded) <= 150, path
