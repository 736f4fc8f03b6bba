"""The editor: a new alarm, a copy, a change; and the buttons that switch one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.accounts.next_page import own_page
from swf_remote.alarms.access import is_staff, may_edit
from swf_remote.alarms.configuring import ALARM_FIELDS, RefusedError
from swf_remote.alarms.detecting.registry import UnknownDetector, all_detectors, detector, problems
from swf_remote.alarms.models import Alarm
from swf_remote.edge.problem import Problem
from swf_remote.web.addresses import own_url
from swf_remote.web.handlers import problem_response

from .alarm_form import form_of, held, posted_values
from .doors import NO_ALARM, answers, editors, name_of, named_alarm, see, signed_in
from .saving import ChangedMeanwhileError, create, save, switch

INVALID = 422
CONFLICT = 409
SWITCH_REFUSED = Problem(
    409,
    "changed-meanwhile",
    "Somebody has changed this alarm meanwhile",
    "Look at it again and use the button once more, if it still makes sense.",
    outcome="Nothing was changed.",
)


@answers("GET", "POST")
@signed_in
def new(request: HttpRequest) -> HttpResponse:
    """Choose a detector, fill in the form, save."""
    alarm = _begun(request)
    if alarm is None:
        return render(
            request,
            "alarms/editing/choose.html",
            {"detectors": all_detectors().values(), "problems": problems() if is_staff(request.user) else ()},
        )
    if request.method != "POST":
        return editor(request, alarm, held(alarm), is_new=True)
    try:
        create(alarm, request.POST, name_of(request), timezone.now(), staff=is_staff(request.user))
    except RefusedError as error:
        return editor(request, alarm, posted_values(request.POST), faults=error.faults, is_new=True, status=INVALID)
    return see(f"{reverse('alarm_edit', args=[alarm.name])}?saved=1")


def _begun(request: HttpRequest) -> Alarm | None:
    """A new alarm of the chosen detector, or like the one to be copied; None: nothing is chosen yet."""
    owner = cast(User, request.user)
    original = named_alarm(request.GET.get("copy", ""))
    if original is not None:
        alarm = Alarm(owner=owner, **{name: getattr(original, name) for name in ALARM_FIELDS})
        alarm.title, alarm.archived = f"{original.title} (copy)"[:255], False
        if not may_edit(request.user, original):
            # The address of a webhook is a key to it.
            alarm.webhooks = ""
        return alarm
    try:
        kind = detector(request.POST.get("detector") or request.GET.get("detector", ""))
    except UnknownDetector:
        return None
    return Alarm(owner=owner, detector=kind.name, title=kind.title)


@answers("GET", "POST")
@editors
def edit(request: HttpRequest, alarm: Alarm) -> HttpResponse:
    """The form of an alarm."""
    if request.method != "POST":
        _change_detector(alarm, request.GET.get("detector", ""))
        return editor(request, alarm, held(alarm), is_new=False, saved=request.GET.get("saved", ""))
    try:
        version = save(alarm.pk, request.POST, name_of(request), timezone.now(), staff=is_staff(request.user))
    except RefusedError as error:
        alarm.detector = request.POST.get("detector", alarm.detector)
        return editor(request, alarm, posted_values(request.POST), faults=error.faults, is_new=False, status=INVALID)
    except ChangedMeanwhileError as error:
        return editor(
            request,
            error.present,
            posted_values(error.both or request.POST),
            faults=error.faults,
            is_new=False,
            status=CONFLICT,
            conflict=error,
        )
    except Alarm.DoesNotExist:
        return problem_response(request, NO_ALARM)
    return see(f"{reverse('alarm_edit', args=[alarm.name])}?saved={version.number if version else 0}")


def _change_detector(alarm: Alarm, name: str) -> None:
    """Show the form with the parameters of another detector; those of the same name keep their values."""
    if name and name != alarm.detector and name in all_detectors():
        alarm.detector = name


@answers("POST")
@editors
def switched(request: HttpRequest, alarm: Alarm) -> HttpResponse:
    """Enable, disable, tell, hush, archive or unarchive."""
    what, version = request.POST.get("switch", ""), request.POST.get("version", "")
    try:
        switch(alarm.pk, version, what, name_of(request), timezone.now())
    except ChangedMeanwhileError:
        return problem_response(request, SWITCH_REFUSED)
    except RefusedError as error:
        return editor(request, alarm, held(alarm), faults=error.faults, is_new=False, status=INVALID)
    except Alarm.DoesNotExist:
        return problem_response(request, NO_ALARM)
    goal = own_page(request.POST.get("next"))
    return see(reverse("alarm_edit", args=[alarm.name]) if goal == own_url() else goal)


def editor(
    request: HttpRequest,
    alarm: Alarm,
    values: Mapping[str, Sequence[str]],
    *,
    is_new: bool,
    faults: Mapping[str, Sequence[str]] | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The editor's page; `more`: `look`, `conflict` or `saved`."""
    kinds = all_detectors()
    context = {
        "alarm": alarm,
        "form": form_of(alarm, values, faults or {}, is_new=is_new, staff=is_staff(request.user)),
        "is_new": is_new,
        "action": reverse("alarm_new") if is_new else reverse("alarm_edit", args=[alarm.name]),
        "kind": kinds.get(alarm.detector),
        "kinds": [kind for name, kind in kinds.items() if name != alarm.detector],
        "last": None if is_new else alarm.versions.first(),
        **more,
    }
    return render(request, "alarms/editing/editor.html", context, status=status)
