"""What a file of alarms would change here, before anything is changed; and the change, all of it or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from swf_remote.alarms.configuring import (
    ALARM_FIELDS,
    TEAM_FIELDS,
    RefusedError,
    check,
    check_team,
    content_of,
    save_alarm,
    save_team,
    team_content,
)
from swf_remote.alarms.models import Alarm, Team
from swf_remote.alarms.models.configured import NAME
from swf_remote.alarms.routing.people_now import people_at

from .differences import Difference, differences
from .document import Document, Fault, FileError, read_document
from .file_format import default_of, read_sections, written

What = Literal["new", "changed", "unchanged", "archived", "absent"]
COMMENT = "from a file"
PRUNED = "not in the file"


class StalePlanError(Exception):
    """Somebody has changed an alarm or a team since the plan was made; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Item:
    """What would become of one alarm or team."""

    kind: Literal["alarm", "team"]
    name: str
    what: What
    """``archived``: it is not in the file, and such are archived. ``absent``: it is not in the file, and stays."""
    version: int = 0
    """The one that it has now; 0: none."""
    differences: tuple[Difference, ...] = ()
    row: Alarm | Team | None = field(default=None, compare=False, repr=False)
    """As it would be saved."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would change."""

    items: tuple[Item, ...]
    warnings: tuple[str, ...]
    fingerprint: str
    """Stands for the file, how it is read, and the versions that are here: whoever confirms it confirms these."""

    @property
    def summary(self) -> str:
        """How many of each fate: ``2 new alarms, 1 unchanged team``."""
        numbers = Counter((item.what, item.kind) for item in self.items)
        return ", ".join(f"{number} {what} {kind}{'s' * (number != 1)}" for (what, kind), number in numbers.items())

    @property
    def changes(self) -> tuple[Item, ...]:
        """Those that would be saved."""
        return tuple(item for item in self.items if item.what in ("new", "changed", "archived"))

    def apply(self, by: str, now: datetime) -> tuple[Item, ...]:
        """Save what is new, changed or to be archived; what was saved.

        Raises:
            StalePlanError: something has changed since; nothing was saved.
            RefusedError: something is not valid any more; nothing was saved.
        """
        with transaction.atomic():
            self._check_still()
            for item in self.changes:
                if isinstance(item.row, Team):
                    save_team(item.row, by, now)
                elif item.row is not None:
                    gone = item.what == "archived"
                    save_alarm(item.row, by, now, comment=PRUNED if gone else COMMENT, only_quieter=gone)
        return self.changes

    def _check_still(self) -> None:
        for kind, table in (("alarm", Alarm), ("team", Team)):
            planned = {item.name: item.version for item in self.items if item.kind == kind}
            rows = table.objects.select_for_update().filter(name__in=planned).order_by("pk")
            present = dict(rows.values_list("name", "version"))
            for name, version in planned.items():
                if present.get(name, 0) != version:
                    raise StalePlanError(f"The {kind} {name} was changed since the plan was made; look at it again.")


def read_yaml(text: str, *, prune: bool = False) -> Plan:
    """What a file would change here.

    Args:
        text: the file.
        prune: archive alarms that it does not name.

    Raises:
        FileError: it cannot be used; with a line per fault, and where it is.
    """
    document = read_document(text)
    teams, alarms = read_sections(document)
    if prune and not isinstance(document.value.get("alarms"), dict):
        raise FileError([Fault(None, "the file names no alarms; all would be archived")])
    planner = _Planner(document)
    items = (*planner.teams(teams), *planner.alarms(alarms, prune=prune))
    if planner.faults:
        raise FileError(planner.faults)
    stamp = sha256(text.encode("utf-8", "surrogatepass"))
    stamp.update(repr((prune, [(item.kind, item.name, item.what, item.version) for item in items])).encode())
    return Plan(items, tuple(planner.warnings(items)), stamp.hexdigest())


class _Planner:
    """Compares the sections of a file with what is here."""

    def __init__(self, document: Document) -> None:
        self.faults: list[Fault] = []
        self._document = document

    def teams(self, found: Mapping[str, Mapping[str, Any]]) -> list[Item]:
        """What becomes of the teams."""
        present = {team.name: team for team in Team.objects.all()}
        items = [self._team(name, fields, present.get(name)) for name, fields in found.items()]
        absent = [Item("team", name, "absent", team.version) for name, team in present.items() if name not in found]
        return sorted([*items, *absent], key=lambda item: item.name)

    def alarms(self, found: Mapping[str, Mapping[str, Any]], *, prune: bool) -> list[Item]:
        """What becomes of the alarms."""
        present = {alarm.name: alarm for alarm in Alarm.objects.select_related("owner")}
        owners = {str(fields.get("owner", "")) for fields in found.values()} - {""}
        users = {user.get_username(): user for user in User.objects.filter(username__in=owners)}
        items = [self._alarm(name, fields, present.get(name), users) for name, fields in found.items()]
        for name, alarm in present.items():
            if name not in found:
                items.append(_missing(alarm, prune=prune))
        return sorted(items, key=lambda item: item.name)

    def warnings(self, items: tuple[Item, ...]) -> list[str]:
        """What will not work as somebody may think, though it can be saved."""
        teams = {team.name: team for team in Team.objects.all()}
        teams |= {item.row.name: item.row for item in items if isinstance(item.row, Team)}
        now = timezone.now()
        return [
            f"{item.name}: {words}"
            for item in items
            if isinstance(item.row, Alarm) and item.what in ("new", "changed")
            for words in people_at(f"{item.row.recipients} {item.row.escalate_to}", now, teams.values()).warnings
        ]

    def _team(self, name: str, fields: Mapping[str, Any], present: Team | None) -> Item:
        before = {} if present is None else team_content(present)
        team = present or Team(name=name)
        for key in TEAM_FIELDS:
            if key in fields or key != "members":
                setattr(team, key, fields[key] if key in fields else default_of(key, Team))
        try:
            check_team(team)
        except RefusedError as error:
            self._note(("teams", name), error.faults)
        return _item("team", team, before, team_content(team), is_new=present is None)

    def _alarm(self, name: str, fields: Mapping[str, Any], present: Alarm | None, users: Mapping[str, User]) -> Item:
        before = {} if present is None else written(content_of(present))
        alarm = present or Alarm(name=name)
        for key in ALARM_FIELDS:
            setattr(alarm, key, fields[key] if key in fields else default_of(key))
        owner = fields.get("owner", "")
        alarm.owner = users.get(owner)
        faults: dict[str, list[str]] = {}
        if owner and alarm.owner is None:
            faults["owner"] = [f"There is no user {owner[:60]!r} here."]
        try:
            NAME(name)
        except ValidationError as error:
            faults["name"] = error.messages
        try:
            check(alarm)
        except RefusedError as error:
            faults = {**error.faults, **faults}
        self._note(("alarms", name), faults)
        return _item("alarm", alarm, before, {} if faults else written(content_of(alarm)), is_new=present is None)

    def _note(self, path: tuple[str, str], faults: Mapping[str, list[str]]) -> None:
        for key, words in faults.items():
            line = self._document.line(*path, *key.split("."))
            self.faults.extend(Fault(line, f"{path[1][:60]}: {key}: {one}") for one in words)


def _item(
    kind: Literal["alarm", "team"],
    row: Alarm | Team,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    is_new: bool,
) -> Item:
    found = tuple(differences(before, after))
    what: What = "new" if is_new else "changed" if found else "unchanged"
    return Item(kind, row.name, what, row.version, found, row)


def _missing(alarm: Alarm, *, prune: bool) -> Item:
    if not prune or alarm.archived:
        return Item("alarm", alarm.name, "absent", alarm.version)
    before = written(content_of(alarm))
    alarm.archived = True
    return Item(
        "alarm", alarm.name, "archived", alarm.version, tuple(differences(before, written(content_of(alarm)))), alarm
    )
