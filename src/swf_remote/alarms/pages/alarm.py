"""One alarm: what it watches, its events, how noisy it is, and how its evaluations went."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms.access import is_signed_in, may_edit
from swf_remote.alarms.detecting.registry import all_detectors
from swf_remote.alarms.models import Alarm, Delivery, Evaluation, Event, State, Subscription
from swf_remote.web.handlers import problem_response

from .cards import MOST_CARDS, Silences, card_of
from .engine_state import unseen
from .in_words import parameters, sentences
from .keyset import Mark, piece
from .noise import noise
from .serving import NO_ALARM, find_alarm, page
from .silencing import SPANS
from .spans import of_alarm
from .strips import Strip, Window

DAYS = 30
EVALUATIONS = 20
_PAST = 25
_ORDER = (State.FIRING, State.ACKNOWLEDGED, State.PENDING)


@page("GET")
def alarm_page(request: HttpRequest, name: str) -> HttpResponse:
    """The page of an alarm."""
    alarm = find_alarm(name)
    if alarm is None:
        return problem_response(request, NO_ALARM)
    if alarm.name != name:
        return HttpResponsePermanentRedirect(reverse("alarm", args=[alarm.name]))
    now = timezone.now()
    since = now - timedelta(days=DAYS)
    spans, window = of_alarm(alarm, since), Window(since, now)
    silences = Silences.at(now)
    mark = Mark.read(request.GET.get("after", ""), "p")
    events = Event.objects.select_related("alarm").filter(alarm=alarm)
    fires = events.filter(state__in=_ORDER).order_by("first_seen")[:MOST_CARDS]
    kind = all_detectors().get(alarm.detector)
    known = is_signed_in(request.user)
    context = {
        "now": now,
        "alarm": alarm,
        "detector": kind,
        "sentences": list(sentences(alarm)),
        "parameters": parameters(alarm),
        "cards": [card_of(event, silences) for event in sorted(fires, key=lambda one: _ORDER.index(State(one.state)))],
        "past": piece(events, "fired_at", mark, size=_PAST),
        "is_first": mark is None,
        "noise": noise(spans, now),
        "spans": spans,
        "messages": Delivery.objects.filter(alarm=alarm, subscriber=None, created_at__gte=since).count(),
        "window": window,
        "strips": [Strip("", "", window.bars(spans.rows), f"{len(spans.rows):,} events in {DAYS} days")],
        "unseen": window.unseen(unseen([alarm], since, now)),
        "evaluations": evaluations(alarm),
        "days": DAYS,
        "subscribed": known and Subscription.objects.filter(user=request.user.pk, alarm=alarm, enabled=True).exists(),
        "known": known,
        "may_edit": may_edit(request.user, alarm),
        "spans_offered": SPANS,
        "next": reverse("alarm", args=[alarm.name]),
    }
    return render(request, "alarms/alarm.html", context)


def evaluations(alarm: Alarm) -> list[Evaluation]:
    """The newest that had something to tell."""
    return list(alarm.evaluations.select_related("tick").defer("report").order_by("-at")[:EVALUATIONS])
