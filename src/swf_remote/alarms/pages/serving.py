"""What all pages of the alarms share: who sees what, which methods work, and how failures are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.vary import vary_on_cookie

from swf_remote.accounts.next_page import own_page
from swf_remote.alarms.access import is_signed_in
from swf_remote.alarms.models import Alarm
from swf_remote.alarms.selection import SelectionError
from swf_remote.edge.problem import Problem
from swf_remote.web.addresses import own_url
from swf_remote.web.handlers import BAD_REQUEST, NOT_FOUND, problem_response, wrong_method

View = Callable[..., HttpResponse]
SEE_OTHER = 303

LOG_IN_FIRST = Problem(
    401,
    "log-in-first",
    "Log in to do this",
    "Everybody reads the alarms; who changes something has to be known. Log in and use the button again.",
    outcome="Nothing was changed.",
)
NO_ALARM = replace(
    NOT_FOUND,
    title="There is no such alarm",
    detail="It may have been renamed. The alarms page lists all that there are.",
)
NO_EVENT = replace(
    NOT_FOUND,
    title="There is no such event",
    detail="Check the address, or start from the alarms page, which lists events. Old events are removed in time.",
)
NO_RUN = replace(
    NOT_FOUND,
    title="There is no such run",
    detail="Check the address, or look at the list of runs. Old runs are removed in time.",
)


def page(*methods: str) -> Callable[[View], View]:
    """A page that answers these methods; HEAD comes with GET."""

    def decorate(view: View) -> View:
        @wraps(view)
        def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if ("GET" if request.method == "HEAD" else request.method) not in methods:
                return wrong_method(request, *methods)
            if _has_nul(request):
                return problem_response(request, BAD_REQUEST)
            try:
                return view(request, *args, **kwargs)
            except SelectionError as error:
                return problem_response(request, replace(BAD_REQUEST, detail=str(error)))

        return never_cache(vary_on_cookie(shown))

    return decorate


def _has_nul(request: HttpRequest) -> bool:
    """Whether a value holds the one character that PostgreSQL's texts cannot."""
    values = [*request.GET.values(), *(request.POST.values() if request.method == "POST" else ())]
    return any("\0" in str(value) for value in (request.path, *values))


def for_signed_in(told: Problem) -> Callable[[View], View]:
    """For signed-in users alone: others are led to the log-in page, or `told` why nothing was changed."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if is_signed_in(request.user):
                return view(request, *args, **kwargs)
            if request.method == "POST":
                return problem_response(request, told)
            return redirect_to_login(request.get_full_path())

        return guarded

    return decorate


signed_in = for_signed_in(LOG_IN_FIRST)


def name_of(request: HttpRequest) -> str:
    """Who is signed in, for what is written down."""
    return cast(User, request.user).get_username()


def back_to(request: HttpRequest, otherwise: str, anchor: str = "") -> HttpResponse:
    """After a change: to the page of ours that the form names, at the anchor."""
    asked = own_page(request.POST.get("next"))
    goal = otherwise if asked == own_url() else asked
    return HttpResponseRedirect(f"{goal}#{anchor}" if anchor else goal, status=SEE_OTHER)


def find_alarm(name: str) -> Alarm | None:
    """The alarm of that name. Links of today's mails carry ``alarm_`` before it, or leave it away."""
    other = name.removeprefix("alarm_") if name.startswith("alarm_") else f"alarm_{name}"
    found = {alarm.name: alarm for alarm in Alarm.objects.filter(name__in=(name, other)).select_related("owner")}
    return found.get(name) or found.get(other)


def bounded_count(query: Any, most: int) -> int:
    """How many rows there are, counted up to one more than `most`."""
    return int(query.order_by()[: most + 1].count())


def counted(number: int, most: int) -> str:
    """A bounded count in words: ``1,000+``."""
    return f"{most:,}+" if number > most else f"{number:,}"
