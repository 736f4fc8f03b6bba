"""Silences: which hold, which held, a new one, and the end of one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms import acting
from swf_remote.alarms.access import is_signed_in
from swf_remote.alarms.acting import RefusedActionError
from swf_remote.alarms.models import Silence
from swf_remote.web.handlers import NOT_FOUND, problem_response

from .cards import MOST_SILENCES
from .keyset import Mark, piece
from .serving import back_to, name_of, page, signed_in

SPANS = {"1": "1 h", "4": "4 h", "12": "12 h", "24": "1 d", "72": "3 d", "168": "7 d"}
"""Hours that a form offers, and how they are called."""
_UNTIL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", re.ASCII)
_LONGEST = 500


@page("GET", "POST")
def silences(request: HttpRequest) -> HttpResponse:
    """The list, with a form for a new one."""
    return _make(request) if request.method == "POST" else _list(request)


@signed_in
def _make(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    typed = {name: request.POST.get(name, "").strip() for name in ("matchers", "reason", "hours", "until")}
    try:
        made = acting.silence(typed["matchers"], typed["reason"], _end(typed, now), name_of(request), now)
    except RefusedActionError as error:
        return _list(request, refused=str(error), typed=typed)
    return back_to(request, reverse("alarm_silences"), request.POST.get("anchor", "")[:60] or f"silence-{made.pk}")


def _end(typed: dict[str, str], now: datetime) -> datetime:
    """When the silence ends: at the time typed, else after the hours chosen.

    Raises:
        RefusedActionError: neither can be read.
    """
    if typed["until"]:
        if not _UNTIL.fullmatch(typed["until"]):
            raise RefusedActionError("The end is no time: write it as 2026-11-29 18:00, in UTC.")
        try:
            return datetime.fromisoformat(typed["until"]).replace(tzinfo=UTC)
        except ValueError:
            raise RefusedActionError(f"There is no such time as {typed['until']}.") from None
    if typed["hours"] not in SPANS:
        raise RefusedActionError("Choose how long it lasts, or give a time at which it ends.")
    return now + timedelta(hours=int(typed["hours"]))


def _list(request: HttpRequest, *, refused: str = "", typed: dict[str, str] | None = None) -> HttpResponse:
    now = timezone.now()
    mark = Mark.read(request.GET.get("after", ""), "p")
    over = piece(Silence.objects.filter(ends_at__lte=now), "ends_at", mark)
    known = is_signed_in(request.user)
    asked = {name: request.GET.get(name, "")[:_LONGEST] for name in ("matchers", "reason")}
    context: dict[str, Any] = {
        "now": now,
        "active": Silence.objects.filter(ends_at__gt=now).order_by("ends_at")[:MOST_SILENCES] if not mark else (),
        "over": over,
        "is_first": mark is None,
        "known": known,
        "refused": refused,
        "typed": typed or {**asked, "hours": "4", "until": ""},
        "spans_offered": SPANS,
        "longest_days": acting.LONGEST_SILENCE.days,
    }
    return render(request, "alarms/silences.html", context, status=409 if refused else 200)


@page("POST")
@signed_in
def end_silence(request: HttpRequest, silence_id: str) -> HttpResponse:
    """End it now."""
    try:
        acting.end_silence(silence_id, timezone.now())
    except Silence.DoesNotExist:
        return problem_response(request, NOT_FOUND)
    return back_to(request, reverse("alarm_silences"), f"silence-{silence_id}")
