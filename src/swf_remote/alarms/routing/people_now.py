"""Whom texts of recipients mean at a moment, by the teams of the tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from swf_remote.alarms.models import Team

from .recipients import Recipients, resolve
from .rotation import Duty, RotationError, on_duty, read_begin


def people_at(text: str, now: datetime, teams: Iterable[Team] | None = None) -> Recipients:
    """Whom a text means at `now`.

    Args:
        text: addresses, teams, and those on duty.
        now: the moment of the message.
        teams: those that there are; None: as the table says.
    """
    known = list(Team.objects.all() if teams is None else teams)
    on_call = {team.name: duty.now for team in known if (duty := duty_of(team, now))}
    return resolve(text, {team.name: team.members for team in known}, on_call)


def duty_of(team: Team, now: datetime) -> Duty | None:
    """Who of a team is on duty; None: it has no rotation, none that can be read, or no member with an address."""
    try:
        begins = read_begin(team.rotation_begins)
    except RotationError:
        return None
    return on_duty(resolve(team.members, {}).addresses, team.rotation_days, begins, now)
