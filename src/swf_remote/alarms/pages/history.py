"""The history of one thing: a task, site, user or campaign over all alarms, or whatever one alarm calls a thing."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms.models import Alarm, Event
from swf_remote.alarms.selection import Selection, SelectionError, read_selection
from swf_remote.web.handlers import problem_response

from .alarm_table import present_alarms
from .dashboard import HOURS
from .engine_state import unseen
from .keyset import Mark, piece
from .serving import NO_ALARM, find_alarm, page
from .spans import Spans, of_thing
from .strips import Strip, Window
from .things import thing_of

_PAGES = {"task": "panda/tasks/{}/", "site": "panda/epic-queues/{}/", "user": "", "campaign": ""}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")


@page("GET")
def history(request: HttpRequest) -> HttpResponse:
    """Of one task, site, user or campaign, over all alarms."""
    selection = read_selection(request.GET)
    if selection.subject is None:
        raise SelectionError("Say of what: ?task=4711, or site, user or campaign.")
    return _show(request, selection, ":".join(selection.subject), None)


@page("GET")
def task_history(request: HttpRequest, name: str) -> HttpResponse:
    """The same at today's address: of what one alarm calls ``?key=task:4711``."""
    alarm = find_alarm(name)
    if alarm is None:
        return problem_response(request, NO_ALARM)
    key = request.GET.get("key", "")
    if not 1 <= len(key) <= 300:
        raise SelectionError("Say of what: ?key=task:4711.")
    if alarm.name != name:
        query = request.GET.urlencode()
        return HttpResponsePermanentRedirect(f"{reverse('alarm_task', args=[alarm.name])}?{query}")
    return _show(request, read_selection(request.GET), key, alarm)


def _show(request: HttpRequest, selection: Selection, key: str, alarm: Alarm | None) -> HttpResponse:
    now = timezone.now()
    since = selection.since(now)
    window, spans, alarms = Window(since, now), of_thing(key, since), present_alarms()
    found: QuerySet[Event] = Event.objects.select_related("alarm").filter(fingerprint=key)
    if alarm is not None:
        found = found.filter(alarm=alarm)
        spans = Spans(spans.of(alarm.pk), spans.begin, spans.complete)
    mark = Mark.read(request.GET.get("after", ""), "p")
    thing = thing_of(key)
    context = {
        "now": now,
        "key": key,
        "thing": thing,
        "alarm": alarm,
        "page_path": page_of(thing),
        "window": window,
        "spans": spans,
        "strips": _strips(alarms, spans, window),
        "unseen": window.unseen(unseen(alarms, since, now)),
        "events": piece(found, "first_seen", mark),
        "is_first": mark is None,
        "hours": selection.hours,
        "hours_choices": sorted({*HOURS, selection.hours}),
        "address": urlencode([thing] if thing and alarm is None else {"key": key}),
        "everywhere": f"{reverse('alarm_history')}?{urlencode([thing])}" if thing and alarm else "",
    }
    return render(request, "alarms/history.html", context)


def page_of(thing: tuple[str, str] | None) -> str:
    """Where the monitor shows it now, below the mount; empty where it has no page of its own."""
    if thing is None or not set(thing[1]) <= _PLAIN or set(thing[1]) <= {"."}:
        return ""
    return _PAGES[thing[0]].format(thing[1])


def _strips(alarms: Sequence[Alarm], spans: Spans, window: Window) -> list[Strip]:
    strips = []
    for alarm in alarms:
        rows = spans.of(alarm.pk)
        if rows:
            words = "1 event" if len(rows) == 1 else f"{len(rows):,} events"
            strips.append(Strip(alarm.title, reverse("alarm", args=[alarm.name]), window.bars(rows), words))
    return strips
