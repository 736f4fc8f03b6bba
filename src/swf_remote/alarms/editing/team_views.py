"""Teams: everybody sees which there are, signed-in readers who is in them, staff changes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from swf_remote.alarms.access import is_signed_in, is_staff
from swf_remote.alarms.configuring import RefusedError, save_team, team_content
from swf_remote.alarms.models import Alarm, Team
from swf_remote.alarms.pages.serving import page
from swf_remote.alarms.routing.people_now import duty_of
from swf_remote.alarms.routing.recipients import ON_CALL, resolve
from swf_remote.alarms.transfer.differences import differences
from swf_remote.edge.problem import Problem
from swf_remote.web.handlers import NOT_FOUND, problem_response

from .alarm_views import CONFLICT, INVALID
from .controls import Control, Form, Group
from .doors import answers, name_of, see, staff

NO_TEAM = replace(NOT_FOUND, title="There is no such team", detail="The page of teams lists all that there are.")
LONGEST_MEMBERS = 100_000


def of_team(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view gets the team in place of its name."""

    @wraps(view)
    def found(request: HttpRequest, name: str, **kwargs: int) -> HttpResponse:
        # A database has no text with a NUL in it.
        team = Team.objects.filter(name=name).first() if name.isprintable() else None
        return problem_response(request, NO_TEAM) if team is None else view(request, team, **kwargs)

    return found


def users_of(team: Team) -> list[Alarm]:
    """The alarms that tell the team, or escalate to it, archived ones too."""
    told = Alarm.objects.filter(Q(recipients__contains=team.name) | Q(escalate_to__contains=team.name))
    named = told.only("name", "title", "recipients", "escalate_to", "archived")
    return [alarm for alarm in named if not _resolves_alike(f"{alarm.recipients} {alarm.escalate_to}", team.name)]


def _resolves_alike(recipients: str, name: str) -> bool:
    """Whether the text does not name the team: what it resolves to does not hang on there being one."""
    return resolve(recipients, {}).warnings == resolve(recipients, {name: "a@b.example"}).warnings


@page("GET")
def teams(request: HttpRequest) -> HttpResponse:
    """All teams."""
    known = is_signed_in(request.user)
    rows = []
    for team in Team.objects.order_by("name"):
        people = resolve(team.members, {})
        told = (people.addresses, people.warnings, duty_of(team, timezone.now())) if known else ((), (), None)
        rows.append((team, *told, len(people.addresses)))
    context = {
        "rows": rows,
        "known": known,
        "may_edit": is_staff(request.user),
        "gone": request.GET.get("gone", "") == "1",
    }
    return render(request, "alarms/editing/teams.html", context)


@answers("GET", "POST")
@staff
def team_new(request: HttpRequest) -> HttpResponse:
    """Make a team."""
    team = Team()
    if request.method != "POST":
        return _page(request, team, is_new=True)
    team.name = request.POST.get("name", "").strip()[:200]
    if team.name and not team.name.startswith("@"):
        team.name = f"@{team.name}"
    _take(team, request)
    try:
        save_team(team, name_of(request), timezone.now())
    except RefusedError as error:
        return _page(request, team, is_new=True, faults=error.faults, status=INVALID)
    except IntegrityError:
        faults = {"name": [f"Another team is called {team.name}."]}
        return _page(request, team, is_new=True, faults=faults, status=INVALID)
    return see(f"{reverse('team_edit', args=[team.name])}?saved=1")


@answers("GET", "POST")
@staff
@of_team
def team_edit(request: HttpRequest, team: Team) -> HttpResponse:
    """Change a team's title, members and rotation."""
    if request.method != "POST":
        return _page(request, team, is_new=False)
    try:
        with transaction.atomic():
            locked = Team.objects.select_for_update().get(pk=team.pk)
            before = team_content(locked)
            is_stale = request.POST.get("version", "") != str(locked.version)
            _take(locked, request)
            after = team_content(locked)
            if is_stale and before != after:
                return _conflict(request, locked, before, after)
            version = save_team(locked, name_of(request), timezone.now())
    except RefusedError as error:
        _take(team, request)
        return _page(request, team, is_new=False, faults=error.faults, status=INVALID)
    except Team.DoesNotExist:
        return problem_response(request, NO_TEAM)
    return see(f"{reverse('team_edit', args=[team.name])}?saved={version.number if version else 0}")


def _conflict(request: HttpRequest, team: Team, before: Mapping[str, Any], after: Mapping[str, Any]) -> HttpResponse:
    mine = differences(before, after)
    return _page(request, team, is_new=False, status=CONFLICT, more={"conflict": mine, "last": team.versions.first()})


@answers("POST")
@staff
@of_team
def team_delete(request: HttpRequest, team: Team) -> HttpResponse:
    """Delete a team that no alarm names, with its versions."""
    with transaction.atomic():
        users = users_of(team)
        if users:
            return problem_response(
                request,
                Problem(
                    409,
                    "team-in-use",
                    f"{len(users)} alarm{'s tell' if len(users) > 1 else ' tells'} this team",
                    f"Take it out of those whom these tell or escalate to first: "
                    f"{', '.join(alarm.name for alarm in users[:10])}; archived alarms count, too.",
                    outcome="Nothing was changed.",
                ),
            )
        team.delete()
    return see(f"{reverse('teams')}?gone=1")


def _take(team: Team, request: HttpRequest) -> None:
    team.title = request.POST.get("title", "").strip().replace("\0", "")
    team.members = request.POST.get("members", "").replace("\r\n", "\n").replace("\0", "").strip()[:LONGEST_MEMBERS]
    days = request.POST.get("rotation_days", "").strip() or "0"
    # What is no number is told by the model.
    team.rotation_days = int(days) if days.isascii() and days.isdecimal() and len(days) < 10 else days[:20]
    team.rotation_begins = request.POST.get("rotation_begins", "").strip().replace("\0", "")


def _page(
    request: HttpRequest,
    team: Team,
    *,
    is_new: bool,
    faults: Mapping[str, Sequence[str]] | None = None,
    status: int = 200,
    more: Mapping[str, object] | None = None,
) -> HttpResponse:
    people = resolve(team.members, {})
    context = {
        "team": team,
        "form": _form(team, faults or {}, is_new=is_new),
        "is_new": is_new,
        "users": [] if is_new else users_of(team),
        "count": len(people.addresses),
        "warnings": people.warnings,
        "duty": None if faults else duty_of(team, timezone.now()),
        "saved": request.GET.get("saved", ""),
        **(more or {}),
    }
    return render(request, "alarms/editing/team.html", context, status=status)


def _form(team: Team, faults: Mapping[str, Sequence[str]], *, is_new: bool) -> Form:
    name = Control(
        "name",
        "Name",
        "text",
        [team.name],
        "@ and letters, digits, dots, underscores or hyphens. Alarms name it so; it stays.",
        faults=faults.get("name", ()),
        required=True,
        most=61,
        placeholder="@prodops",
        monospace=True,
    )
    title = Control("title", "Title", "text", [team.title], faults=faults.get("title", ()), most=255)
    members = Control(
        "members",
        "Members",
        "multiline",
        [team.members],
        "Addresses, by commas, blanks or one a line, in the order of duty. Teams in teams are not followed.",
        faults=faults.get("members", ()),
        most=LONGEST_MEMBERS,
    )
    rotation = _rotation(team, faults)
    controls = [name, title, members, *rotation] if is_new else [title, members, *rotation]
    return Form([Group("team", "Team", "", controls)], faults, {"version": str(team.version)})


def _rotation(team: Team, faults: Mapping[str, Sequence[str]]) -> list[Control]:
    days = Control(
        "rotation_days",
        "On duty for",
        "integer",
        [str(team.rotation_days)],
        f"Each member in turn; alarms tell the one on duty as {team.name or '@team'}{ON_CALL}. 0: no rotation.",
        unit="days",
        faults=faults.get("rotation_days", ()),
    )
    begins = Control(
        "rotation_begins",
        "First turn begins",
        "text",
        [team.rotation_begins],
        "When the first member's duty begins, in UTC.",
        faults=faults.get("rotation_begins", ()),
        most=40,
        placeholder="2026-11-30 08:00",
        monospace=True,
    )
    return [days, begins]
