"""What the signed-in user wants to hear of, and when not: each changes their own. Staff see all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms import subscribing
from swf_remote.alarms.access import is_staff
from swf_remote.alarms.configuring import RefusedError
from swf_remote.alarms.engine.schedule import ScheduleError, read_schedule
from swf_remote.alarms.models import Alarm, Preference, Severity, Subscription
from swf_remote.alarms.routing.addresses import is_address
from swf_remote.web.handlers import NOT_FOUND, problem_response

from .serving import back_to, page, signed_in

MOST_OF_OTHERS = 200
SEVERITIES = ((Severity.INFO, "all"), (Severity.WARNING, "warning and critical"), (Severity.CRITICAL, "critical alone"))
"""The least severity, and what a form calls it."""
_LONGEST = 500
_NOT_VALID = 422


@dataclass(frozen=True, slots=True)
class Row:
    """A subscription, and what it is for in words."""

    subscription: Subscription
    words: str


@page("GET", "POST")
@signed_in
def subscriptions(request: HttpRequest) -> HttpResponse:
    """The list, with forms for a new one and for quiet hours."""
    if request.method == "POST":
        return _add(request)
    typed = {name: request.GET.get(name, "")[:_LONGEST] for name in ("alarm", "severity", "matchers")}
    return _show(request, typed=typed)


def _add(request: HttpRequest) -> HttpResponse:
    typed = {name: request.POST.get(name, "").strip()[: _LONGEST + 1] for name in ("alarm", "severity", "matchers")}
    alarm = Alarm.objects.filter(name=typed["alarm"]).first() if typed["alarm"] else None
    if typed["alarm"] and alarm is None:
        return _show(request, typed=typed, faults={"alarm": ["There is no such alarm (any more)."]})
    wanted = Subscription(user=_me(request), alarm=alarm, matchers=typed["matchers"], severity=typed["severity"])
    try:
        made = subscribing.subscribe(wanted, timezone.now())
    except RefusedError as error:
        return _show(request, typed=typed, faults=error.faults)
    return back_to(request, reverse("alarm_subscriptions"), f"subscription-{made.pk}")


@page("POST")
@signed_in
def keep_quiet_hours(request: HttpRequest) -> HttpResponse:
    """Keep when subscriptions wait."""
    preference = Preference(
        user=_me(request),
        quiet_hours=request.POST.get("quiet_hours", "")[:_LONGEST],
        urgent_anyway=request.POST.get("urgent_anyway") == "on",
    )
    try:
        subscribing.keep_preference(preference)
    except RefusedError as error:
        return _show(request, preference=preference, faults=error.faults)
    return back_to(request, reverse("alarm_subscriptions"), "quiet-hours")


@page("POST")
@signed_in
def remove_subscription(request: HttpRequest, subscription_id: str) -> HttpResponse:
    """One's own goes; somebody else's is not there."""
    found = subscribing.own(_me(request)).filter(pk=subscription_id).first()
    if found is None:
        return problem_response(request, NOT_FOUND)
    found.delete()
    return back_to(request, reverse("alarm_subscriptions"))


@page("POST")
@signed_in
def turn_subscription(request: HttpRequest, subscription_id: str) -> HttpResponse:
    """Switch one's own on or off, as the form says."""
    found = subscribing.own(_me(request)).filter(pk=subscription_id).first()
    if found is None:
        return problem_response(request, NOT_FOUND)
    subscribing.turn(found, enabled=request.POST.get("enabled") == "on")
    return back_to(request, reverse("alarm_subscriptions"), f"subscription-{found.pk}")


def _show(
    request: HttpRequest,
    *,
    typed: Mapping[str, str] | None = None,
    preference: Preference | None = None,
    faults: Mapping[str, list[str]] | None = None,
) -> HttpResponse:
    me = _me(request)
    found = preference or subscribing.preference_of(me)
    context: dict[str, Any] = {
        "rows": [Row(one, subscribing.describe(one)) for one in subscribing.own(me)],
        "others": _of_others(me) if is_staff(request.user) else (),
        "alarms": Alarm.objects.filter(archived=False).order_by("name").only("name", "title"),
        "severities": SEVERITIES,
        "typed": typed or {},
        "faults": faults or {},
        "problems": [(name, word) for name, words in (faults or {}).items() for word in words],
        "preference": found,
        "quiet_until": None if faults else _quiet_until(found),
        "address": me.email if is_address(me.email) else "",
    }
    return render(request, "alarms/subscriptions.html", context, status=_NOT_VALID if faults else 200)


def _of_others(me: User) -> list[Row]:
    rows = Subscription.objects.exclude(user=me).select_related("user", "alarm").order_by("-created_at", "pk")
    return [Row(one, subscribing.describe(one)) for one in rows[:MOST_OF_OTHERS]]


def _quiet_until(preference: Preference) -> Any:
    try:
        return read_schedule(preference.quiet_hours).until(timezone.now())
    except ScheduleError:
        return None


def _me(request: HttpRequest) -> User:
    return cast(User, request.user)
