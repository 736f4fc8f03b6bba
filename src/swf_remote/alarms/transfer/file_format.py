"""The file of alarms, ``format: 1``: its fields, their kinds and their order.

    format: 1
    teams:
      '@prodops':
        title: Production operators
        members: a@lab.example, b@lab.example
        rotation_days: 7
        rotation_begins: 2026-11-30 08:00
    alarms:
      failing_tasks:
        title: Failing tasks
        detector: task_failure_ratio
        parameters:
          threshold: 0.05

A field that is left out has its default, but for the members of a team, which stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Field

from swf_remote.alarms.configuring import ALARM_FIELDS, TEAM_FIELDS, content_of, team_content
from swf_remote.alarms.models import Alarm, Team

from .document import Document, Fault, FileError
from .writing import write

FORMAT = 1
HEAD = "# Alarms of swf-remote. Read again by `swf-remote alarms import` and at alarms/import/.\n"
FIELDS = (*ALARM_FIELDS[:6], "owner", *ALARM_FIELDS[6:])
SECTIONS = ("format", "teams", "alarms")
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys((*FIELDS, *TEAM_FIELDS), ((str,), "a text; put it in quotes")),
    **dict.fromkeys(
        ("every_minutes", "for_minutes", "clear_minutes", "escalate_minutes", "rotation_days"),
        ((int,), "a whole number"),
    ),
    **dict.fromkeys(("tell_cleared", "heed_maintenance", "enabled", "notify", "archived"), ((bool,), "true or false")),
    "renotify_hours": ((int, float), "a number"),
    "parameters": ((dict,), "names with values"),
}


def export_yaml(
    alarms: Iterable[Alarm] | None = None, *, teams: Iterable[Team] | None = None, members: bool = False
) -> str:
    """Alarms and teams as a file; the same rows give the same bytes.

    It holds addresses of recipients and of webhooks: it is not for everybody.

    Args:
        alarms: these; None: all, archived ones too.
        teams: these; None: all.
        members: whether to write who is in the teams.
    """
    found = Alarm.objects.select_related("owner").order_by("name") if alarms is None else alarms
    groups = Team.objects.order_by("name") if teams is None else teams
    value = {
        "format": FORMAT,
        "teams": {team.name: _team(team, members) for team in sorted(groups, key=lambda one: one.name)},
        "alarms": {alarm.name: written(content_of(alarm)) for alarm in sorted(found, key=lambda one: one.name)},
    }
    return HEAD + write(value)


def written(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of an alarm's version in the order and the form of the file."""
    fields = {name: content[name] for name in FIELDS if name in content}
    if isinstance(fields.get("parameters"), dict):
        fields["parameters"] = dict(sorted(fields["parameters"].items()))
    hours = fields.get("renotify_hours")
    if isinstance(hours, float) and hours.is_integer():
        fields["renotify_hours"] = int(hours)
    return fields


def _team(team: Team, members: bool) -> dict[str, Any]:
    """Without a rotation where there is none, as before there were any."""
    left_out = set() if members else {"members"}
    if not team.rotation_days and not team.rotation_begins:
        left_out |= {"rotation_days", "rotation_begins"}
    return {name: value for name, value in team_content(team).items() if name not in left_out}


def read_sections(document: Document) -> tuple[dict[str, Any], dict[str, Any]]:
    """Teams and alarms of a file, by name, each with the fields that it names; kinds of values are as they should be.

    Raises:
        FileError: something is not.
    """
    top = document.value
    if not isinstance(top, dict):
        raise FileError([Fault(1, f"the file has to begin with 'format: {FORMAT}'")])
    if top.get("format") != FORMAT or isinstance(top.get("format"), bool):
        raise FileError([Fault(document.line("format"), f"format is {top.get('format')!r}; this reads {FORMAT}")])
    faults = [
        Fault(document.line(name), f"{name[:60]!r} is not known; there are {', '.join(SECTIONS)}")
        for name in top
        if name not in SECTIONS
    ]
    teams = _section(document, "teams", TEAM_FIELDS, faults)
    alarms = _section(document, "alarms", FIELDS, faults)
    if faults:
        raise FileError(faults)
    return teams, alarms


def _section(document: Document, section: str, known: tuple[str, ...], faults: list[Fault]) -> dict[str, Any]:
    found = document.value.get(section)
    if found is None:
        return {}
    if not isinstance(found, dict):
        faults.append(Fault(document.line(section), f"{section} have to be names with fields"))
        return {}
    read = {}
    for name, fields in found.items():
        if isinstance(fields, dict):
            read[name] = {key: _value(document, (section, name, key), fields[key], known, faults) for key in fields}
        else:
            faults.append(Fault(document.line(section, name), f"{name[:60]}: has to have fields"))
    return read


def _value(document: Document, path: tuple[str, ...], value: Any, known: tuple[str, ...], faults: list[Fault]) -> Any:
    _, name, field = path
    if field not in known:
        words = f"{name[:60]}: {field[:60]!r} is not known; there are {', '.join(known)}"
        faults.append(Fault(document.line(*path), words))
        return None
    types, allowed = _KINDS[field]
    if value is None and types in ((str,), (dict,)):
        return types[0]()
    # To Python a yes is the number 1.
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        faults.append(Fault(document.line(*path), f"{name[:60]}: {field} has to be {allowed}"))
    return value


def default_of(field: str, table: type[Alarm | Team] = Alarm) -> Any:
    """What an alarm (or a team) has where its file says nothing."""
    described = table._meta.get_field(field)
    assert isinstance(described, Field)
    return described.get_default()
