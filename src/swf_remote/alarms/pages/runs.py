"""Runs of the engine: the list, the report of one tick, and what it told of one alarm (today's address)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms.access import is_signed_in, nearest_deliveries
from swf_remote.alarms.models import Evaluation, Event, Tick
from swf_remote.web.handlers import problem_response

from .alarm_table import present_alarms
from .engine_state import engine_state
from .keyset import Mark, piece
from .masking import public_facts
from .serving import NO_ALARM, NO_RUN, find_alarm, page

MOST_EVALUATIONS = 500
MOST_EVENTS = 200


@page("GET")
def runs(request: HttpRequest) -> HttpResponse:
    """The list, newest first."""
    mark = Mark.read(request.GET.get("after", ""), "p")
    now = timezone.now()
    context = {
        "now": now,
        "engine": engine_state(present_alarms(), now),
        "runs": piece(Tick.objects.defer("queries"), "started_at", mark),
        "is_first": mark is None,
    }
    return render(request, "alarms/runs.html", context)


@page("GET")
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """The report of one tick: what it asked and what it saw."""
    tick = Tick.objects.filter(pk=run_id).first()
    if tick is None:
        return problem_response(request, NO_RUN)
    found = tick.evaluations.select_related("alarm").defer("report").order_by("alarm__name")[:MOST_EVALUATIONS]
    queries = [one for one in tick.queries if isinstance(one, dict)]
    context = {
        "now": timezone.now(),
        "run": tick,
        "evaluations": found,
        "queries": [_query(one) for one in queries],
        "known": is_signed_in(request.user),
    }
    return render(request, "alarms/run.html", context)


def _query(one: Mapping[str, Any]) -> dict[str, Any]:
    """A question as the engine noted it, or as an imported run did."""
    return {
        "words": one.get("query") or one.get("words") or "",
        "seconds": one.get("seconds"),
        "rows": one.get("rows"),
        "error": one.get("error") or "",
    }


@page("GET")
def run_of_alarm(request: HttpRequest, run_id: str, name: str) -> HttpResponse:
    """What one tick saw and told of one alarm."""
    tick, alarm = Tick.objects.filter(pk=run_id).defer("queries").first(), find_alarm(name)
    if tick is None or alarm is None:
        return problem_response(request, NO_RUN if tick is None else NO_ALARM)
    if alarm.name != name:
        return HttpResponsePermanentRedirect(reverse("alarm_run_of_alarm", args=[run_id, alarm.name]))
    seen = Evaluation.objects.filter(tick=tick, alarm=alarm).first()
    known = is_signed_in(request.user)
    report = (seen.report if known else public_facts(seen.report)) if seen else {}
    context = {
        "now": timezone.now(),
        "run": tick,
        "alarm": alarm,
        "seen": seen,
        "told": _told(seen) if seen else [],
        "report": sorted(report.items()) if isinstance(report, dict) else [],
        "deliveries": nearest_deliveries(request.user).filter(tick=tick, alarm=alarm).order_by("created_at"),
        "known": known,
    }
    return render(request, "alarms/run_of_alarm.html", context)


def _told(seen: Evaluation) -> list[tuple[str, list[Event | str]]]:
    """Events by how they were told; of those that are gone the identifier alone."""
    groups = (
        ("New", seen.new),
        ("Continuing", seen.continuing),
        ("Cleared", seen.cleared),
        ("Not acknowledged, told to others", seen.escalated),
    )
    keys = [str(key) for _, keys in groups for key in keys[:MOST_EVENTS]]
    found = Event.objects.select_related("alarm").in_bulk(keys)
    return [(words, [found.get(str(key), str(key)) for key in keys[:MOST_EVENTS]]) for words, keys in groups if keys]
