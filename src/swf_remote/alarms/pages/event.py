"""One event: what was seen first and last, what became of it, who was told, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms.access import Reader, is_signed_in, nearest_deliveries
from swf_remote.alarms.models import Change, Delivery, Event, State
from swf_remote.web.handlers import problem_response

from .cards import Silences, card_of
from .masking import public_facts
from .serving import NO_EVENT, name_of, page
from .silencing import SPANS

MOST_CHANGES = 500
MOST_DELIVERIES = 50
EARLIER = 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """One figure, as it was first seen and as it was seen last."""

    name: str
    first: Any
    last: Any

    @property
    def has_changed(self) -> bool:
        """Whether both differ."""
        return bool(self.first != self.last)


@page("GET")
def event_page(request: HttpRequest, event_id: str) -> HttpResponse:
    """The page of an event."""
    return show(request, event_id)


def show(request: HttpRequest, event_id: str, *, refused: str = "", typed: str = "") -> HttpResponse:
    """The page; `refused`: why the last action was not done, `typed`: what was given with it."""
    event = Event.objects.select_related("alarm").filter(pk=event_id).first()
    if event is None:
        return problem_response(request, NO_EVENT)
    known = is_signed_in(request.user)
    changes = list(event.changes.order_by("-at", "-id")[:MOST_CHANGES])
    now = timezone.now()
    context = {
        "now": now,
        "event": event,
        "card": card_of(event, Silences.at(now)),
        "evidence": evidence(event),
        "labels": sorted(event.labels.items()),
        "links": [link for link in event.links if isinstance(link, list) and len(link) == 2],
        "changes": changes,
        "earlier": earlier(event),
        "imported": sorted(_facts(event.imported, known).items()),
        "deliveries": deliveries_about(event, changes, request.user) if known else [],
        "known": known,
        "me": name_of(request) if known else "",
        "refused": refused,
        "typed": typed,
        "is_open": event.state != State.RESOLVED,
        "spans_offered": SPANS,
        "next": reverse("alarm_event", args=[event.pk]),
    }
    return render(request, "alarms/event.html", context, status=409 if refused else 200)


def _facts(imported: Any, known: bool) -> dict[str, Any]:
    facts = imported if known else public_facts(imported)
    return facts if isinstance(facts, dict) else {}


def evidence(event: Event) -> list[Evidence]:
    """The figures, in the order in which the detector tells them."""
    names = [*event.values, *(name for name in event.first_values if name not in event.values)]
    return [Evidence(name, event.first_values.get(name), event.values.get(name)) for name in names if name != "metric"]


def earlier(event: Event) -> list[Event]:
    """Other events of this alarm about the same thing, newest first."""
    same = Event.objects.filter(fingerprint=event.fingerprint, alarm=event.alarm).exclude(pk=event.pk)
    return list(same.filter(fired_at__isnull=False).order_by("-fired_at")[:EARLIER])


def deliveries_about(event: Event, changes: Sequence[Change], reader: Reader) -> list[Delivery]:
    """Messages to the alarm's people and to the reader in which it was told, made when its change says."""
    told = [change.at for change in changes if change.what in ("told", "escalated")][:MOST_DELIVERIES]
    found = nearest_deliveries(reader).filter(alarm=event.alarm, created_at__in=told)
    return list(found.order_by("-created_at")[:MOST_DELIVERIES])
