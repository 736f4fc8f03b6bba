"""Who comes in: signed-in readers, owners and staff; what the others are told."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from swf_remote.alarms.access import is_staff, may_edit
from swf_remote.alarms.models import Alarm
from swf_remote.alarms.pages.serving import NO_ALARM, find_alarm, for_signed_in, name_of
from swf_remote.edge.problem import Problem
from swf_remote.web.handlers import problem_response, wrong_method

__all__ = ["NO_ALARM", "name_of"]

View = Callable[..., HttpResponse]
SIGNED_OUT = Problem(
    401,
    "log-in-first",
    "You are not logged in any more",
    "Log in in another tab, come back here with the browser's Back button, reload the page and send the form again. "
    "The browser keeps what you typed until then.",
    outcome="Nothing was changed.",
)
NOT_YOURS = Problem(
    403,
    "not-the-owner",
    "Only its owner and staff may do this",
    "Ask the alarm's owner, or the staff of this gateway, who can also make you the owner. You can copy the alarm and "
    "change the copy, which is then yours.",
    outcome="Nothing was changed.",
)
STAFF_ONLY = Problem(
    403,
    "staff-only",
    "Only staff may do this",
    "Ask the staff of this gateway; an administrator can give you the right.",
    outcome="Nothing was changed.",
)
BUSY = Problem(
    429,
    "busy",
    "Trying alarms takes turns",
    "One alarm is tried at a time, and each reader may try so often a minute, so that the real alarms are never slowed "
    "down. Try again in a moment.",
    retry_after=5,
    outcome="Nothing was changed.",
)


def answers(*methods: str) -> Callable[[View], View]:
    """A page that answers these methods (HEAD comes with GET) and is never kept."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if ("GET" if request.method == "HEAD" else request.method) not in methods:
                return wrong_method(request, *methods)
            return view(request, *args, **kwargs)

        return cast(View, never_cache(answered))

    return decorate


signed_in = for_signed_in(SIGNED_OUT)


def staff(view: View) -> View:
    """For staff."""

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_staff(request.user):
            return view(request, *args, **kwargs)
        return problem_response(request, STAFF_ONLY)

    return guarded


def of_alarm(view: View) -> View:
    """The view gets the alarm in place of its name. Old addresses with or without ``alarm_`` lead there."""

    @wraps(view)
    def found(request: HttpRequest, name: str, **kwargs: Any) -> HttpResponse:
        alarm = named_alarm(name)
        if alarm is None:
            return problem_response(request, NO_ALARM)
        if alarm.name != name and request.method in ("GET", "HEAD") and request.resolver_match is not None:
            address = reverse(request.resolver_match.view_name, kwargs={**kwargs, "name": alarm.name})
            return HttpResponsePermanentRedirect(address)
        return view(request, alarm, **kwargs)

    return found


def editors(view: View) -> View:
    """For the owner of the alarm and staff; the view gets the alarm in place of its name."""

    @signed_in
    @of_alarm
    @wraps(view)
    def guarded(request: HttpRequest, alarm: Alarm, **kwargs: Any) -> HttpResponse:
        if may_edit(request.user, alarm):
            return view(request, alarm, **kwargs)
        return problem_response(request, NOT_YOURS)

    return guarded


def named_alarm(name: str) -> Alarm | None:
    """The alarm that an address or a form names, also as in an old address."""
    # A database has no text with a NUL in it.
    return find_alarm(name) if name.isprintable() else None


def see(address: str) -> HttpResponse:
    """Lead to another page after a change, so that a reload does not do it again."""
    return HttpResponseRedirect(address, status=303)
