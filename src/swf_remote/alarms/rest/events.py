"""Events: lists by what somebody asks for, one with all that became of it, and what people do to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpResponse

from swf_remote.alarms import acting
from swf_remote.alarms.models import Event, State
from swf_remote.alarms.pages.masking import public_facts
from swf_remote.alarms.selection import STATES, SUBJECTS, Selection, read_selection

from .fields import only, text_of
from .paging import Stage, bounded_count, limit_of, read_cursor, told, walk
from .serving import Asked, Reply
from .shapes import change_shape, event_shape
from .tables import csv_answer
from .words import choice, only_words

WORDS = ("hours", "state", "alarm", "severity", *SUBJECTS, "q", "limit", "cursor", "format")
MOST_CHANGES = 1000
MOST_ENDED = 5000


def listed(asked: Asked) -> Reply | HttpResponse:
    """Events that are open first, then those that are over, newest first; as CSV with ``?format=csv``."""
    selection = read_selection(words := only_words(asked, *WORDS))
    place = read_cursor(words.get("cursor", ""), asked.now)
    stages = _stages(selection, place.began)
    found, following = walk(stages, place, limit_of(asked))
    if choice(words, "format", "json", "csv") == "csv":
        return csv_answer(asked, "events.csv", [event_shape(event) for event in found], following)
    # Rare kinds would be counted one by one.
    is_cheap = "cursor" not in words and all(stage.among is None for stage in stages)
    total = bounded_count(*[stage.rows for stage in stages]) if is_cheap else None
    return Reply(told(asked, "events", [event_shape(event) for event in found], following, total))


def _stages(selection: Selection, began: datetime) -> list[Stage[Event]]:
    """Those that were open when the walk began, and those that were over: an event that ends meanwhile stays in its
    place, so that nothing is left out or told twice.
    """
    events = replace(selection, state="").narrowed(Event.objects.select_related("alarm"))
    wanted = STATES.get(selection.state, STATES["open"])
    ended = Event.objects.filter(resolved_at__gt=began).values_list("pk", flat=True)[:MOST_ENDED]
    still = Q(state__in=[state for state in wanted if state != State.RESOLVED])
    if not selection.state or selection.state == "open":
        still |= Q(pk__in=list(ended))
    opened = Stage(events.filter(still, first_seen__lte=began), "first_seen")
    # An end is what the index is of; the state beside it would only mislead the database.
    window = Q(resolved_at__gte=selection.since(began), resolved_at__lte=began)
    among = Event.objects.filter(window) if selection.severity or selection.words else None
    if among is not None and selection.alarm:
        among = among.filter(alarm__name=selection.alarm)
    over = Stage(events.filter(window), "resolved_at", among)
    return {State.RESOLVED.value: [over], "": [opened, over]}.get(selection.state, [opened])


def one(asked: Asked, event_id: str) -> Reply:
    """An event with all that became of it."""
    return Reply(_whole(asked, Event.objects.select_related("alarm").get(pk=event_id)))


def _whole(asked: Asked, event: Event) -> dict[str, object]:
    changes = list(event.changes.order_by("-at", "-id")[:MOST_CHANGES])[::-1]
    known = event.imported if asked.signed_in else public_facts(event.imported)
    return {**event_shape(event), "imported": known, "changes": [change_shape(change) for change in changes]}


def acknowledge(asked: Asked, event_id: str) -> Reply:
    """Somebody looks after it; with ``note``, why or how."""
    note = text_of(_body(asked, "note"), "note", most=acting.LONGEST_NOTE)
    return _done(asked, acting.acknowledge(event_id, asked.name, asked.now, note))


def unacknowledge(asked: Asked, event_id: str) -> Reply:
    """Nobody does any more."""
    return _done(asked, acting.withdraw_acknowledgement(event_id, asked.name, asked.now))


def assign(asked: Asked, event_id: str) -> Reply:
    """It is given to ``assignee``; to nobody if that is empty."""
    assignee = text_of(_body(asked, "assignee"), "assignee", needed=True)
    return _done(asked, acting.assign(event_id, assignee, asked.name, asked.now))


def note(asked: Asked, event_id: str) -> Reply:
    """``text`` is written down beside it."""
    return _done(
        asked, acting.note(event_id, text_of(_body(asked, "text"), "text", needed=True), asked.name, asked.now)
    )


def _body(asked: Asked, name: str) -> dict[str, Any]:
    body = asked.body()
    only(body, (name,))
    return body


def _done(asked: Asked, event: Event) -> Reply:
    return one(asked, event.pk)
