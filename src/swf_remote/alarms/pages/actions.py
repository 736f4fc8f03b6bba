"""What buttons do: each action is taken once, and leads back to the page that it came from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms import acting
from swf_remote.alarms.acting import RefusedActionError
from swf_remote.alarms.models import Event
from swf_remote.web.handlers import problem_response

from .event import show
from .serving import NO_EVENT, back_to, name_of, page, signed_in

Act = Callable[[str, str, datetime], object]


@page("POST")
@signed_in
def acknowledge(request: HttpRequest, event_id: str) -> HttpResponse:
    """Look after it."""
    note = _typed(request, "note")
    if len(note) > acting.LONGEST_NOTE:
        return show(request, event_id, refused=f"A note has at most {acting.LONGEST_NOTE} characters.", typed=note)
    return _done(request, event_id, lambda key, by, now: acting.acknowledge(key, by, now, note), note)


@page("POST")
@signed_in
def withdraw(request: HttpRequest, event_id: str) -> HttpResponse:
    """Look after it no more."""
    return _done(request, event_id, acting.withdraw_acknowledgement)


@page("POST")
@signed_in
def assign(request: HttpRequest, event_id: str) -> HttpResponse:
    """Give it to somebody: to the one who asks with ``me``, else to the name typed; an empty one: to nobody."""
    to = name_of(request) if "me" in request.POST else _typed(request, "assignee")
    return _done(request, event_id, lambda key, by, now: acting.assign(key, to, by, now), to)


@page("POST")
@signed_in
def add_note(request: HttpRequest, event_id: str) -> HttpResponse:
    """Write something down about it."""
    text = _typed(request, "note")
    return _done(request, event_id, lambda key, by, now: acting.note(key, text, by, now), text)


def _typed(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n").strip()


def _done(request: HttpRequest, event_id: str, act: Act, typed: str = "") -> HttpResponse:
    try:
        act(event_id, name_of(request), timezone.now())
    except Event.DoesNotExist:
        return problem_response(request, NO_EVENT)
    except RefusedActionError as error:
        return show(request, event_id, refused=str(error), typed=typed)
    return back_to(request, reverse("alarm_event", args=[event_id]), f"event-{event_id}")
