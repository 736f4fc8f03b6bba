"""Messages and what became of them; for signed-in users alone, since they name addresses."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms.access import visible_deliveries
from swf_remote.alarms.delivery import outbox
from swf_remote.alarms.models import Outcome
from swf_remote.alarms.selection import SelectionError
from swf_remote.web.handlers import NOT_FOUND, problem_response

from .keyset import Mark, piece
from .serving import back_to, page, signed_in

NOT_DEAD = replace(
    NOT_FOUND,
    status=409,
    kind="not-given-up",
    title="This message was not given up",
    detail="It is on its way or was delivered; only one that was given up can be sent again.",
    outcome="Nothing was changed.",
)


@page("GET")
@signed_in
def deliveries(request: HttpRequest) -> HttpResponse:
    """The list, newest first; one outcome alone by ``?outcome=``."""
    outcome = request.GET.get("outcome", "")
    if outcome and outcome not in Outcome.values:
        raise SelectionError(f"outcome is {outcome[:20]!r}: give one of {', '.join(Outcome.values)}.")
    mark = Mark.read(request.GET.get("after", ""), "p")
    found = visible_deliveries(request.user).select_related("alarm").defer("content")
    context = {
        "now": timezone.now(),
        "deliveries": piece(found.filter(outcome=outcome) if outcome else found, "created_at", mark),
        "is_first": mark is None,
        "outcome": outcome,
        "outcomes": Outcome.choices,
    }
    return render(request, "alarms/deliveries.html", context)


@page("GET")
@signed_in
def delivery(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """One message: to whom, and each attempt."""
    found = visible_deliveries(request.user).select_related("alarm").filter(pk=delivery_id).first()
    if found is None:
        return problem_response(request, NOT_FOUND)
    context = {"now": timezone.now(), "delivery": found, "attempts": found.attempts.all()[:500]}
    return render(request, "alarms/delivery.html", context)


@page("POST")
@signed_in
def send_again(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """Give one that was given up another chance, under its old identifier."""
    found = visible_deliveries(request.user).filter(pk=delivery_id).first()
    if found is None:
        return problem_response(request, NOT_FOUND)
    if not outbox.retry(found, timezone.now()):
        return problem_response(request, NOT_DEAD)
    return back_to(request, reverse("alarm_delivery", args=[delivery_id]))
