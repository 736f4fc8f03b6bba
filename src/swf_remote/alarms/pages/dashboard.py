"""The dashboard: what fires, how the engine does, what each alarm did of late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms.access import is_signed_in, is_staff, may_create, visible_deliveries
from swf_remote.alarms.models import Alarm, Outcome, Severity, Tick
from swf_remote.alarms.selection import STATES, Selection, SelectionError, read_selection
from swf_remote.edge.problem import Problem
from swf_remote.web.handlers import NOT_FOUND, problem_response

from .alarm_table import SORTS, alarm_table, present_alarms
from .cards import Silences, firing_now
from .engine_state import engine_state, unseen
from .listing import listed
from .mails import newest_mails
from .noise import Noise, noise_by_alarm
from .serving import bounded_count, counted, page
from .silencing import SPANS
from .spans import Span, Spans, of_all
from .strips import Strip, Window

FIRST_EVENTS = 15
FIRST_RUNS = 10
MOST_STRIPS = 20
MOST_DEAD = 100
MOST_CHOICES = 60
"""Of more alarms one is not chosen from a list, but named."""
HOURS = (6, 24, 72, 168, 720)
FILTERS = ("hours", "state", "alarm", "severity", "task", "site", "user", "campaign", "q")


@page("GET")
def dashboard(request: HttpRequest) -> HttpResponse:
    """The page; its changing part alone by ``?part=live``."""
    part = request.GET.get("part")
    if part not in (None, "live"):
        return problem_response(request, NOT_FOUND)
    context = dashboard_context(request)
    return render(request, "alarms/_dashboard.html" if part else "alarms/dashboard.html", context)


def dashboard_context(request: HttpRequest, problem: Problem | None = None) -> dict[str, Any]:
    """Everything that the page shows; `problem`: why the last action was refused.

    Raises:
        SelectionError: the address asks for what there is not.
    """
    now = timezone.now()
    selection = read_selection(request.GET)
    since = selection.since(now)
    alarms = present_alarms()
    spans = of_all(since)
    noises = noise_by_alarm(spans, now)
    silences = Silences.at(now)
    firing = firing_now(silences)
    window = Window(since, now)
    recent = listed(selection, now, None, FIRST_EVENTS)
    return {
        "now": now,
        "problem": problem,
        "engine": engine_state(alarms, now),
        "firing": firing,
        "title_prefix": f"({firing.counts['firing']}) " if firing.firing else "",
        "window": window,
        "strips": strips_of(alarms, spans, noises, window),
        "unseen": window.unseen(unseen(alarms, since, now)),
        "spans": spans,
        "table": alarm_table(alarms, since, noises, **_table_words(request)),
        "recent": recent,
        "older": str(recent.next) if recent.next else "",
        "runs": Tick.objects.defer("queries").order_by("-started_at")[:FIRST_RUNS],
        "silences": [silence for silence, _ in silences.rows],
        **filter_context(request, selection, alarms),
        **_for_signed_in(request),
    }


def _for_signed_in(request: HttpRequest) -> dict[str, Any]:
    known = is_signed_in(request.user)
    dead = bounded_count(visible_deliveries(request.user).filter(outcome=Outcome.DEAD), MOST_DEAD) if known else 0
    return {
        "known": known,
        "may_create": may_create(request.user),
        "is_staff": is_staff(request.user),
        "dead": counted(dead, MOST_DEAD) if dead else "",
        "mails": newest_mails() if known else None,
        "spans_offered": SPANS,
        "next": _here(request),
    }


def _here(request: HttpRequest) -> str:
    """This page without what only scripts ask for, for forms to come back to."""
    words = request.GET.copy()
    words.pop("part", None)
    return f"{reverse('alarms')}?{words.urlencode()}" if words else reverse("alarms")


def filter_context(request: HttpRequest, selection: Selection, alarms: Sequence[Alarm]) -> dict[str, Any]:
    """What the filter form shows."""
    words = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    return {
        "selection": selection,
        "query": words | {name: request.GET[name] for name in ("sort", "page") if request.GET.get(name)},
        "filters": words,
        "is_filtered": bool(words.keys() - {"hours"}),
        "hours_choices": sorted({*HOURS, selection.hours}),
        "state_choices": tuple(STATES),
        "severity_choices": Severity.values,
        "alarm_choices": [alarm.name for alarm in alarms] if len(alarms) <= MOST_CHOICES else [],
        "subject_text": ":".join(selection.subject) if selection.subject else "",
    }


def _table_words(request: HttpRequest) -> dict[str, Any]:
    sort, number = request.GET.get("sort") or SORTS[0], request.GET.get("page") or "1"
    if sort not in SORTS:
        raise SelectionError(f"sort is {sort[:20]!r}: give one of {', '.join(SORTS)}.")
    if not (number.isascii() and number.isdigit() and 1 <= len(number) <= 4 and int(number)):
        raise SelectionError(f"page is {number[:20]!r}: give a whole number from 1 on.")
    return {"sort": sort, "page": int(number)}


def strips_of(alarms: Sequence[Alarm], spans: Spans, noises: Mapping[str, Noise], window: Window) -> list[Strip]:
    """A line for each alarm that fired in the window, most often first, at most `MOST_STRIPS`."""
    fired = [alarm for alarm in alarms if alarm.pk in noises]
    fired.sort(key=lambda alarm: (-noises[alarm.pk].events, alarm.name))
    rows: dict[str, list[Span]] = {alarm.pk: [] for alarm in fired[:MOST_STRIPS]}
    for row in spans.rows:
        if row.alarm_id in rows:
            rows[row.alarm_id].append(row)
    return [
        Strip(alarm.title, reverse("alarm", args=[alarm.name]), window.bars(rows[alarm.pk]), _said(noises[alarm.pk]))
        for alarm in fired[:MOST_STRIPS]
    ]


def _said(one: Noise) -> str:
    return "1 event" if one.events == 1 else f"{one.events:,} events"
