"""Walking a list by its cursor gives each row once, whatever the size of pages, and whatever ends meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swf_remote.alarms.models import Alarm, Event, Severity, Silence, State, Tick
from swf_remote.alarms.rest import paging
from swf_remote.alarms.rest.paging import Cursor, read_cursor
from swf_remote.alarms.selection import STATES, SelectionError
from tests.remote.alarms.rest.asking import Person
from tests.remote.alarms.rows import an_alarm, an_event


@pytest.fixture(autouse=True)
def looked_at() -> Iterator[None]:
    """Tests look at fewer."""
    before = paging.MOST_LOOKED
    yield
    paging.MOST_LOOKED = before


QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HOURS = st.integers(0, 60)
"""Many events of the same moment."""
EVENTS = st.lists(
    st.tuples(HOURS, st.sampled_from(State.values), st.sampled_from(Severity.values), st.integers(0, 2)), max_size=14
)


def walked(client: Client, path: str, name: str, between: object = lambda: None) -> list[str]:
    """Identifiers in the order in which a walk gives them; `between` is done after each page."""
    nobody, found, address = Person(client, None), [], path
    while address:
        page = nobody.get(address)
        assert page.status == 200, page.content
        found += [row["id"] for row in page.json[name]]
        address = page.json["next"]
        between()  # type: ignore[operator]
    return found


def filled(events: list[tuple[int, str, str, int]]) -> None:
    Event.objects.all().delete()
    Alarm.objects.filter(name__startswith="alarm_").delete()
    alarms = [an_alarm(f"alarm_{number}") for number in range(3)]
    now = timezone.now()
    for number, (hours, state, severity, alarm) in enumerate(events):
        at = now.replace(microsecond=7) - timedelta(hours=hours + 1)
        an_event(alarms[alarm], f"task:{number}", {}, at=at, state=state, severity=severity, id=f"e{number}")


@pytest.mark.django_db
@QUICK
@given(
    events=EVENTS,
    limit=st.integers(1, 5),
    state=st.sampled_from(["", *STATES]),
    severity=st.sampled_from(["", *Severity.values]),
    alarm=st.sampled_from(["", "alarm_0", "alarm_1"]),
    hours=st.sampled_from([1, 24, 200]),
    looked=st.integers(1, 20),
)
def test_a_walk_gives_exactly_what_fulfils_the_words(
    client: Client,
    events: list[tuple[int, str, str, int]],
    limit: int,
    state: str,
    severity: str,
    alarm: str,
    hours: int,
    looked: int,
) -> None:
    filled(events)
    paging.MOST_LOOKED = looked
    found = walked(
        client, f"events/?limit={limit}&state={state}&severity={severity}&alarm={alarm}&hours={hours}", "events"
    )
    expected = {
        f"e{number}"
        for number, (ended, stands, bad, of) in enumerate(events)
        if (stands != State.RESOLVED or (state != "open" and ended + 1 < hours))
        and (not state or stands in STATES[state])
        and (not severity or bad == severity)
        and (not alarm or alarm == f"alarm_{of}")
    }
    assert len(found) == len(set(found))
    assert set(found) == expected


@pytest.mark.django_db
@QUICK
@given(events=EVENTS, limit=st.integers(1, 4), data=st.data())
def test_what_ends_or_begins_during_a_walk_is_neither_told_twice_nor_left_out(
    client: Client, events: list[tuple[int, str, str, int]], limit: int, data: st.DataObject
) -> None:
    filled(events)
    made = []

    def happen() -> None:
        opened = list(Event.objects.filter(state__in=STATES["open"]).values_list("pk", flat=True).order_by("pk"))
        for key in data.draw(st.lists(st.sampled_from(opened), max_size=2)) if opened else ():
            Event.objects.filter(pk=key).update(state=State.RESOLVED, resolved_at=timezone.now())
        made.append(f"new{len(made)}")
        an_event(Alarm.objects.get(name="alarm_0"), f"new:{len(made)}", {}, at=timezone.now(), id=made[-1])

    before = {
        f"e{number}" for number, (hours, state, *_) in enumerate(events) if state != State.RESOLVED or hours < 199
    }
    found = walked(client, f"events/?limit={limit}&hours=200", "events", happen)
    assert len(found) == len(set(found))
    assert set(found) == before


@pytest.mark.django_db
@QUICK
@given(hours=st.lists(st.integers(-5, 5), max_size=12), limit=st.integers(1, 4))
def test_silences_and_ticks_are_walked_whole(client: Client, hours: list[int], limit: int) -> None:
    Silence.objects.all().delete()
    Tick.objects.all().delete()
    now = timezone.now().replace(microsecond=0)
    for number, hour in enumerate(hours):
        at = now + timedelta(hours=hour, minutes=-1)
        Silence.objects.create(
            id=f"s{number}", matchers="task=1", reason="x", starts_at=now, ends_at=at, created_by="anna"
        )
        Tick.objects.create(id=f"t{number}", slot=at, started_at=at - timedelta(hours=5), engine="here")
    everything = [f"s{number}" for number in range(len(hours))]
    assert sorted(walked(client, f"silences/?state=all&limit={limit}", "silences")) == sorted(everything)
    active = walked(client, f"silences/?limit={limit}", "silences")
    assert sorted(active) == sorted(f"s{number}" for number, hour in enumerate(hours) if hour > 0)
    assert len(walked(client, f"ticks/?limit={limit}", "ticks")) == len(hours)


MOMENTS = st.datetimes(
    datetime(1971, 1, 1, tzinfo=UTC).replace(tzinfo=None),
    datetime(9000, 1, 1, tzinfo=UTC).replace(tzinfo=None),
    timezones=st.just(UTC),
)


@given(
    began=MOMENTS,
    at=st.none() | MOMENTS,
    stage=st.integers(0, 1),
    pk=st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=36),
)
def test_a_cursor_comes_back_as_it_was(began: datetime, at: datetime | None, stage: int, pk: str) -> None:
    cursor = Cursor(began, stage, at, pk)
    assert read_cursor(cursor.text(), began) == cursor


@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9_-]{1,80}", fullmatch=True))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    try:
        assert isinstance(read_cursor(text, now), Cursor)
    except SelectionError as error:
        assert "cursor" in str(error)
