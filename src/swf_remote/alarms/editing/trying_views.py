"""Trying an alarm before it matters: what it finds now, what it would have done, whether its messages arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms.access import is_staff, may_edit
from swf_remote.alarms.backtest.plot import strip
from swf_remote.alarms.backtest.replay import Backtest, backtest
from swf_remote.alarms.configuring import RefusedError, check
from swf_remote.alarms.delivery.allowed import read_allowed
from swf_remote.alarms.delivery.formats import read_hooks, shown
from swf_remote.alarms.delivery.outbox import enqueue_test
from swf_remote.alarms.models import Alarm, Delivery, State
from swf_remote.alarms.routing.news import News
from swf_remote.alarms.routing.people_now import people_at
from swf_remote.configuration import configuration
from swf_remote.web.handlers import problem_response

from .alarm_form import Faults, posted_values, take
from .alarm_views import INVALID, editor
from .doors import BUSY, NO_ALARM, NOT_YOURS, answers, editors, name_of, named_alarm, see, signed_in
from .looking import Look, look
from .turns import NotNowError, Turns

DAYS = (1, 3, 7, 14, 30)
BUDGET_SECONDS = 20
MOST_EPISODES = 200
MOST_TESTS = 10
MOST_EVENTS = 20
TESTS_A_MINUTE = 5
_TURNS = Turns()
_TESTS = Turns(a_minute=TESTS_A_MINUTE)
Tried = Callable[[HttpRequest, Alarm, Faults, bool], HttpResponse]


def _typed(view: Tried) -> Callable[[HttpRequest], HttpResponse]:
    """The view gets the alarm as the form says, which is not saved, what is wrong with it, and whether it is new."""

    @answers("POST")
    @signed_in
    def read(request: HttpRequest) -> HttpResponse:
        name = request.POST.get("editing", "")
        alarm = named_alarm(name) if name else Alarm(owner=cast(User, request.user))
        if alarm is None:
            return problem_response(request, NO_ALARM)
        if name and not may_edit(request.user, alarm):
            return problem_response(request, NOT_YOURS)
        alarm.name = alarm.name or request.POST.get("name", "").strip()[:100]
        faults = take(alarm, request.POST, staff=is_staff(request.user))
        if not name and not alarm.name:
            # What it will be called does not matter yet.
            faults.pop("name", None)
        return view(request, alarm, faults, not name)

    return cast(Callable[[HttpRequest], HttpResponse], read)


@_typed
def preview(request: HttpRequest, alarm: Alarm, faults: Faults, is_new: bool) -> HttpResponse:
    """What the alarm finds now: for a script the piece of the page alone, else the whole editor with it."""
    by_script = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    found: Look | None = None
    if not faults:
        try:
            with _TURNS.of(name_of(request)):
                found = look(alarm, timezone.now())
        except NotNowError as error:
            return _not_now(request, error)
    if by_script:
        return render(request, "alarms/editing/_look.html", {"look": found, "fault_count": len(faults)})
    values = posted_values(request.POST)
    return editor(
        request, alarm, values, faults=faults, is_new=is_new, status=INVALID if faults else 200, look=found, typed=True
    )


@_typed
def backtest_typed(request: HttpRequest, alarm: Alarm, faults: Faults, is_new: bool) -> HttpResponse:
    """What the alarm as the form says would have done."""
    if faults:
        return editor(
            request, alarm, posted_values(request.POST), faults=faults, is_new=is_new, status=INVALID, typed=True
        )
    return _backtest(request, alarm, 7, present=None if is_new else named_alarm(request.POST.get("editing", "")))


@answers("GET")
@editors
def backtest_saved(request: HttpRequest, alarm: Alarm) -> HttpResponse:
    """What the alarm as it is would have done over the last ``days``."""
    text = request.GET.get("days", "7")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 7
    try:
        check(alarm)
    except RefusedError as error:
        return render(
            request,
            "alarms/editing/backtest.html",
            {"alarm": alarm, "is_saved": True, "faults": error.faults, "spans": DAYS, "days": days},
            status=INVALID,
        )
    return _backtest(request, alarm, min(max(days, 1), DAYS[-1]), is_saved=True)


def _backtest(
    request: HttpRequest, alarm: Alarm, days: int, *, is_saved: bool = False, present: Alarm | None = None
) -> HttpResponse:
    """The page; `present`: as it is saved, to be compared."""
    now = timezone.now()
    try:
        with _TURNS.of(name_of(request)):
            found = backtest(alarm, days, now, budget_seconds=BUDGET_SECONDS)
            before = None if present is None else _of_present(present, days, now)
    except NotNowError as error:
        return _not_now(request, error)
    context = {
        "alarm": alarm,
        "is_saved": is_saved,
        "days": days,
        "spans": DAYS,
        "found": found,
        "sentences": found.words(),
        "strip": "" if found.unsupported else strip(found),
        "before": before,
        "before_strip": "" if before is None or before.unsupported else strip(before, "saved"),
        "episodes": list(reversed(found.episodes))[:MOST_EPISODES],
        "more": max(len(found.episodes) - MOST_EPISODES, 0),
        "messages": list(reversed(found.messages))[:MOST_EPISODES],
    }
    return render(request, "alarms/editing/backtest.html", context)


def _of_present(alarm: Alarm, days: int, now: datetime) -> Backtest | None:
    """The same of the alarm as it is saved; None if that is not valid any more."""
    try:
        check(alarm)
    except RefusedError:
        return None
    return backtest(alarm, days, now, budget_seconds=BUDGET_SECONDS / 2)


def _not_now(request: HttpRequest, error: NotNowError) -> HttpResponse:
    return problem_response(request, replace(BUSY, retry_after=error.seconds))


@answers("GET", "POST")
@editors
def test_delivery(request: HttpRequest, alarm: Alarm) -> HttpResponse:
    """Send a test to the alarm's people or to oneself, and see what became of it."""
    user = cast(User, request.user)
    if request.method != "POST":
        return _test_page(request, alarm)
    to_all = request.POST.get("to") == "all"
    if not to_all and not user.email:
        return _test_page(request, alarm, "Your account has no e-mail address. Give one on the account page.")
    addresses = None if to_all else [user.email]
    try:
        with _TESTS.of(name_of(request)):
            sent = enqueue_test(alarm, _news(alarm), name_of(request), timezone.now(), addresses)
    except NotNowError as error:
        return _not_now(request, error)
    if not sent:
        return _test_page(request, alarm, "The alarm names nobody who could be told.")
    return see(f"{reverse('alarm_test', args=[alarm.name])}?sent={len(sent)}")


def _news(alarm: Alarm) -> News:
    """What fires, so that the test looks like a message; nothing may."""
    fires = alarm.events.filter(state__in=(State.FIRING, State.ACKNOWLEDGED)).order_by("-fired_at")
    return News(continuing=list(fires[:MOST_EVENTS]))


def _test_page(request: HttpRequest, alarm: Alarm, fault: str = "") -> HttpResponse:
    now = timezone.now()
    people, others = people_at(alarm.recipients, now), people_at(alarm.escalate_to, now)
    hooks = read_hooks(alarm.webhooks, read_allowed(configuration().webhook_hosts))
    tests = Delivery.objects.filter(alarm=alarm, test=True).prefetch_related("attempts").order_by("-created_at")
    context = {
        "alarm": alarm,
        "addresses": people.addresses,
        "hooks": [f"{hook.format} {shown(hook.url)}" for hook in hooks.hooks],
        "warnings": (*dict.fromkeys((*people.warnings, *others.warnings)), *hooks.warnings),
        "tests": [(one, _where(one), _latest(one)) for one in tests[:MOST_TESTS]],
        "sent": request.GET.get("sent", ""),
        "fault": fault,
        "now": now,
    }
    return render(request, "alarms/editing/test.html", context, status=INVALID if fault else 200)


def _where(delivery: Delivery) -> str:
    places = [*map(str, delivery.reached), *map(str, delivery.destinations)]
    return ", ".join(shown(place) if "://" in place else place for place in places)


def _latest(delivery: Delivery) -> tuple[datetime, str] | None:
    attempts = list(delivery.attempts.all())
    return (attempts[-1].at, attempts[-1].detail or attempts[-1].outcome) if attempts else None
