"""Earlier versions of alarms and teams: the list, how any two differ, and making one the present one again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms.access import is_staff, may_edit
from swf_remote.alarms.configuring import TEAM_FIELDS, RefusedError, restore_alarm, save_team
from swf_remote.alarms.delivery.formats import read_hooks, shown
from swf_remote.alarms.models import Alarm, AlarmVersion, Team, TeamVersion
from swf_remote.alarms.transfer.differences import differences
from swf_remote.alarms.transfer.file_format import default_of, written
from swf_remote.alarms.transfer.writing import write
from swf_remote.edge.problem import Problem
from swf_remote.web.handlers import NOT_FOUND, problem_response

from .doors import answers, editors, name_of, of_alarm, see, signed_in, staff
from .team_views import of_team

MOST_VERSIONS = 100
NO_VERSION = replace(NOT_FOUND, title="There is no such version", detail="The list of versions shows all of them.")
Version = AlarmVersion | TeamVersion


@answers("GET")
@signed_in
@of_alarm
def alarm_versions(request: HttpRequest, alarm: Alarm) -> HttpResponse:
    """The versions of an alarm; ``?from=1&to=3`` compares two."""
    open_book = may_edit(request.user, alarm)
    contents = {
        version.number: (version, _content(version.content, open_book))
        for version in alarm.versions.all()[:MOST_VERSIONS]
    }
    return _list(
        request,
        contents,
        {
            "what": alarm.title,
            "word": "alarm",
            "may_restore": open_book,
            "present": alarm.version,
            "here": reverse("alarm_versions", args=[alarm.name]),
            "back": reverse("alarm_edit", args=[alarm.name]) if open_book else "",
        },
    )


@answers("GET")
@signed_in
@of_alarm
def alarm_version(request: HttpRequest, alarm: Alarm, number: int) -> HttpResponse:
    """One version, whole."""
    version = alarm.versions.filter(number=number).first()
    if version is None:
        return problem_response(request, NO_VERSION)
    content = _content(version.content, may_edit(request.user, alarm))
    context = {
        "what": alarm.title,
        "here": reverse("alarm_versions", args=[alarm.name]),
        "may_restore": may_edit(request.user, alarm) and number != alarm.version,
    }
    return _one(request, version, content, context)


@answers("POST")
@editors
def alarm_restore(request: HttpRequest, alarm: Alarm, number: int) -> HttpResponse:
    """Make a version the present one, as a new version."""
    try:
        version = restore_alarm(alarm, number, name_of(request), timezone.now())
    except RefusedError as error:
        return problem_response(request, _refused(error))
    return see(f"{reverse('alarm_edit', args=[alarm.name])}?saved={version.number if version else 0}")


@answers("GET")
@signed_in
@of_team
def team_versions(request: HttpRequest, team: Team) -> HttpResponse:
    """The versions of a team."""
    contents = {version.number: (version, version.content) for version in team.versions.all()[:MOST_VERSIONS]}
    return _list(
        request,
        contents,
        {
            "what": team.name,
            "word": "team",
            "may_restore": is_staff(request.user),
            "present": team.version,
            "here": reverse("team_versions", args=[team.name]),
            "back": reverse("team_edit", args=[team.name]) if is_staff(request.user) else reverse("teams"),
        },
    )


@answers("GET")
@signed_in
@of_team
def team_version(request: HttpRequest, team: Team, number: int) -> HttpResponse:
    """One version, whole."""
    version = team.versions.filter(number=number).first()
    if version is None:
        return problem_response(request, NO_VERSION)
    context = {
        "what": team.name,
        "here": reverse("team_versions", args=[team.name]),
        "may_restore": is_staff(request.user) and number != team.version,
    }
    return _one(request, version, version.content, context)


@answers("POST")
@staff
@of_team
def team_restore(request: HttpRequest, team: Team, number: int) -> HttpResponse:
    """Make a version of a team the present one, as a new version."""
    version = team.versions.filter(number=number).first()
    if version is None:
        return problem_response(request, NO_VERSION)
    for name in TEAM_FIELDS:
        setattr(team, name, version.content.get(name, default_of(name, Team)))
    try:
        made = save_team(team, name_of(request), timezone.now())
    except RefusedError as error:
        return problem_response(request, _refused(error))
    return see(f"{reverse('team_edit', args=[team.name])}?saved={made.number if made else 0}")


def _content(content: Mapping[str, Any], open_book: bool) -> dict[str, Any]:
    """As it is shown: the address of a webhook is a key to it, so others than editors see its host alone."""
    found = written(content)
    if not open_book and found.get("webhooks"):
        found["webhooks"] = "\n".join(
            f"{hook.format} {shown(hook.url)}" for hook in read_hooks(found["webhooks"]).hooks
        )
    return found


def _list(
    request: HttpRequest, contents: Mapping[int, tuple[Version, Mapping[str, Any]]], context: Mapping[str, Any]
) -> HttpResponse:
    numbers = list(contents)
    new = _number(request.GET.get("to", ""), numbers, numbers[0] if numbers else 0)
    old = _number(request.GET.get("from", ""), numbers, next((one for one in numbers if one < new), new))
    compared: Sequence[Any] = ()
    if old in contents and new in contents:
        compared = differences(contents[old][1], contents[new][1])
    more = {
        "versions": [version for version, _ in contents.values()],
        "old": old,
        "new": new,
        "differences": compared,
        "most": MOST_VERSIONS,
    }
    return render(request, "alarms/editing/versions.html", {**context, **more})


def _number(text: str, numbers: Sequence[int], otherwise: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
    return number if number in numbers else otherwise


def _one(
    request: HttpRequest, version: Version, content: Mapping[str, Any], context: Mapping[str, Any]
) -> HttpResponse:
    return render(request, "alarms/editing/version.html", {**context, "version": version, "text": write(dict(content))})


def _refused(error: RefusedError) -> Problem:
    return Problem(
        422,
        "not-valid-any-more",
        "This version cannot be used any more",
        f"{error}. Open the editor and type what you need of it.",
        outcome="Nothing was changed.",
    )
