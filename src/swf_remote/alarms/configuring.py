"""Saving alarms and teams: checked as a whole, with every earlier version kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from swf_remote.configuration import configuration

from .delivery.allowed import read_allowed
from .delivery.formats import read_hooks
from .detecting.parameters import ParameterError
from .detecting.registry import UnknownDetector, detector, read_parameters
from .engine.evaluation import end_open_events
from .engine.schedule import ScheduleError, read_schedule
from .models import Alarm, AlarmVersion, Team, TeamVersion
from .naming import RESERVED
from .routing.explaining import read_explanation
from .routing.matchers import MatcherError, read_matchers
from .routing.rotation import RotationError, read_begin

ALARM_FIELDS = (
    "title", "description", "detector", "parameters", "scope", "severity", "recipients", "webhooks", "every_minutes",
    "schedule", "for_minutes", "clear_minutes", "renotify_hours", "tell_cleared", "escalate_minutes",
    "escalate_to", "explained_by", "heed_maintenance", "group_by", "enabled", "notify", "archived",
)  # fmt: skip
"""What a version holds, and what a file of alarms may say, beside the name and the owner."""
TEAM_FIELDS = ("title", "members", "rotation_days", "rotation_begins")


class RefusedError(Exception):
    """It cannot be saved like this; ``faults`` says why, by field."""

    def __init__(self, faults: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{name}: {' '.join(words)}" for name, words in faults.items()))
        self.faults = faults


def content_of(alarm: Alarm) -> dict[str, Any]:
    """The configured fields."""
    return {"owner": alarm.owner.get_username() if alarm.owner else "", **{n: getattr(alarm, n) for n in ALARM_FIELDS}}


def check(alarm: Alarm) -> None:
    """Look at all fields together, and fill in the parameters' defaults.

    Raises:
        RefusedError: something is wrong.
    """
    faults: dict[str, list[str]] = {}
    try:
        alarm.full_clean(validate_unique=False)
    except ValidationError as error:
        faults.update(error.message_dict)
    if alarm.name in RESERVED:
        faults.setdefault("name", []).append(f"{alarm.name} is the address of another page.")
    for name, words in _misread(alarm):
        faults.setdefault(name, []).append(words)
    if warnings := read_hooks(alarm.webhooks, read_allowed(configuration().webhook_hosts)).warnings:
        faults.setdefault("webhooks", []).extend(warnings)
    try:
        kind = detector(alarm.detector)
        alarm.parameters = read_parameters(kind, alarm.parameters).model_dump(mode="json")
    except UnknownDetector as error:
        faults.setdefault("detector", []).append(str(error))
    except ParameterError as error:
        for fault in error.faults:
            faults.setdefault(f"parameters.{fault.field}", []).append(fault.words)
    if faults:
        raise RefusedError(faults)


def _misread(alarm: Alarm) -> Iterator[tuple[str, str]]:
    """What of its texts says nothing, by field."""
    readers: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("scope", read_matchers),
        ("schedule", read_schedule),
        ("explained_by", read_explanation),
    )
    for name, read in readers:
        try:
            read(getattr(alarm, name))
        except (MatcherError, ScheduleError) as error:
            yield name, str(error)
    if alarm.escalate_minutes and not alarm.escalate_to.strip():
        yield "escalate_to", "Name who is told when nobody acknowledges, or let it be 0 minutes."


def save_alarm(
    alarm: Alarm, by: str, now: datetime, comment: str = "", *, only_quieter: bool = False
) -> AlarmVersion | None:
    """Check and keep an alarm, new or changed; None: nothing was changed.

    An alarm that is switched off or archived has no open events any more.

    Args:
        alarm: as it is to be.
        by: user name of whoever changes it.
        now: when.
        comment: for the list of versions.
        only_quieter: it is only switched off, hushed or archived, which is done also where it is not valid any more.

    Raises:
        RefusedError: something is wrong, or another alarm has its name.
    """
    if not only_quieter:
        check(alarm)
    content = content_of(alarm)
    with transaction.atomic():
        if Alarm.objects.filter(name=alarm.name).exclude(pk=alarm.pk).exists():
            raise RefusedError({"name": [f"Another alarm is called {alarm.name}."]})
        last = AlarmVersion.objects.filter(alarm_id=alarm.pk).order_by("-number").first()
        if last is not None and last.content == content:
            return None
        number = last.number + 1 if last else 1
        alarm.version = number
        if last is None:
            alarm.save()
        else:
            # What the engine notes meanwhile is not to be written over.
            alarm.save(update_fields=["name", "owner", "version", "modified_at", *ALARM_FIELDS])
        version = AlarmVersion.objects.create(
            alarm=alarm, number=number, content=content, changed_by=by, changed_at=now, comment=comment
        )
        if not alarm.enabled or alarm.archived:
            end_open_events(alarm, now, by)
    return version


def restore_alarm(alarm: Alarm, number: int, by: str, now: datetime) -> AlarmVersion | None:
    """Make an earlier version the present one, as a new version; the owner stays.

    Raises:
        RefusedError: there is no such version, or it is not valid any more.
    """
    old = AlarmVersion.objects.filter(alarm=alarm, number=number).first()
    if old is None:
        raise RefusedError({"version": [f"{alarm.name} has no version {number}."]})
    for name in ALARM_FIELDS:
        if name in old.content:
            setattr(alarm, name, old.content[name])
    return save_alarm(alarm, by, now, comment=f"version {number} again")


def team_content(team: Team) -> dict[str, Any]:
    """The configured fields of a team."""
    return {name: getattr(team, name) for name in TEAM_FIELDS}


def check_team(team: Team) -> None:
    """Look at all fields of a team together.

    Raises:
        RefusedError: something is wrong.
    """
    faults: dict[str, list[str]] = {}
    try:
        team.full_clean(validate_unique=False)
    except ValidationError as error:
        faults.update(error.message_dict)
    if "rotation_days" not in faults and (team.rotation_days or team.rotation_begins):
        try:
            read_begin(team.rotation_begins)
        except RotationError as error:
            faults.setdefault("rotation_begins", []).append(str(error))
    if faults:
        raise RefusedError(faults)


def save_team(team: Team, by: str, now: datetime) -> TeamVersion | None:
    """Check and keep a team; None: nothing was changed.

    Raises:
        RefusedError: something is wrong, or another team has its name.
    """
    check_team(team)
    content = team_content(team)
    with transaction.atomic():
        if Team.objects.filter(name=team.name).exclude(pk=team.pk).exists():
            raise RefusedError({"name": [f"Another team is called {team.name}."]})
        last = TeamVersion.objects.filter(team_id=team.pk).order_by("-number").first()
        if last is not None and last.content == content:
            return None
        team.version = last.number + 1 if last else 1
        team.save()
        return TeamVersion.objects.create(
            team=team, number=team.version, content=content, changed_by=by, changed_at=now
        )
