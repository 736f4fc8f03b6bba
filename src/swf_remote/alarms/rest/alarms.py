"""Alarms: lists, one, its versions, and changing them under optimistic locking (RFC 9110 13.1.1, RFC 6585 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count
from django.urls import reverse

from swf_remote.alarms.access import is_staff, may_create, may_edit
from swf_remote.alarms.configuring import ALARM_FIELDS, RefusedError, content_of, restore_alarm, save_alarm
from swf_remote.alarms.models import Alarm, AlarmVersion, Event
from swf_remote.alarms.naming import RESERVED
from swf_remote.alarms.selection import STATES, SelectionError
from swf_remote.edge.problem import Problem, ProblemError

from .bodies import merged
from .fields import only, take, text_of
from .serving import CONFLICT, Asked, Reply
from .shapes import alarm_shape, state_of, version_shape
from .words import only_words

MOST_VERSIONS = 500
WRITABLE = ("name", "owner", "comment", *ALARM_FIELDS)
CHANGED = Problem(
    412,
    "changed-meanwhile",
    "It was changed meanwhile",
    "Read it again, and send the change with the version that you have seen, as If-Match.",
    outcome="Nothing was changed.",
)
NO_VERSION = Problem(
    428,
    "version-needed",
    "The change does not say of which version it is",
    'Send the ETag that came with the alarm as If-Match, such as If-Match: "3".',
    outcome="Nothing was changed.",
)


def listed(asked: Asked) -> Reply:
    """All alarms by name; archived ones with ``?archived=true`` alone."""
    words = only_words(asked, "archived", "state")
    if words.get("archived", "") not in ("", "true", "false"):
        raise SelectionError("archived: give true or false.")
    rows = Alarm.objects.select_related("owner").filter(archived=words.get("archived") == "true")
    counts = open_events()
    wanted = words.get("state", "")
    found = [
        alarm_shape(alarm, asked.reader, asked.signed_in, counts.get(alarm.pk, {}))
        for alarm in rows
        if not wanted or state_of(alarm, counts.get(alarm.pk, {})) == wanted
    ]
    return Reply({"alarms": found})


def open_events(alarm: Alarm | None = None) -> dict[str, dict[str, int]]:
    """Open events by alarm and state."""
    rows = Event.objects.filter(state__in=STATES["open"])
    if alarm is not None:
        rows = rows.filter(alarm=alarm)
    found: dict[str, dict[str, int]] = {}
    for key, state, number in rows.order_by().values_list("alarm", "state").annotate(Count("pk")):
        found.setdefault(key, {})[state] = number
    return found


def one(asked: Asked, name: str) -> Reply:
    """One alarm; its ETag is its version."""
    return _told(asked, find(name))


def _told(asked: Asked, alarm: Alarm, status: int = 200) -> Reply:
    shape = alarm_shape(alarm, asked.reader, asked.signed_in, open_events(alarm).get(alarm.pk, {}))
    return Reply(shape, status, {"ETag": etag(alarm.version)})


def find(name: str, *, lock: bool = False) -> Alarm:
    """The alarm of that name, with its owner; locked, where a transaction is going to change it.

    Raises:
        Alarm.DoesNotExist: there is none.
    """
    rows = Alarm.objects.select_for_update(of=("self",)) if lock else Alarm.objects.all()
    return rows.select_related("owner").get(name=name)


def etag(version: int) -> str:
    """A version as an entity tag."""
    return f'"{version}"'


def made(asked: Asked) -> Reply:
    """A new alarm, of ``name``."""
    asked.need(may_create(asked.reader))
    body = asked.body()
    return _make(asked, text_of(body, "name", needed=True), body)


def replaced(asked: Asked, name: str) -> Reply:
    """The alarm becomes what was sent, with defaults for the rest; one that is not there is made."""
    body = asked.body()
    with transaction.atomic():
        if not Alarm.objects.filter(name=name).exists():
            if "If-Match" in asked.request.headers:
                raise ProblemError(CHANGED)
            asked.need(may_create(asked.reader))
            return _make(asked, name, {"name": name, **body})
        if asked.request.headers.get("If-None-Match") == "*":
            raise ProblemError(replace(CHANGED, detail="There is an alarm of this name already."))
        defaults = _defaults(ALARM_FIELDS)
        needed = {key: body.get(key, "") for key in ("title", "detector")}
        return _change(asked, name, lambda _old: {**defaults, **needed, **body})


def patched(asked: Asked, name: str) -> Reply:
    """What was sent is changed, the rest stays (RFC 7396)."""
    patch = asked.body()

    def change(old: Mapping[str, Any]) -> Mapping[str, Any]:
        defaults = _defaults(key for key in patch if key in ALARM_FIELDS)
        result: dict[str, Any] = merged({key: old[key] for key in ALARM_FIELDS}, patch)
        return {**defaults, **result}

    return _change(asked, name, change)


def archived(asked: Asked, name: str) -> Reply:
    """The alarm is looked at no more, and listed no more; its events stay, and it can be taken back."""
    return _change(asked, name, lambda _old: {"archived": True})


def _defaults(names: Iterable[str]) -> dict[str, Any]:
    blank = Alarm()
    return {name: getattr(blank, name) for name in names}


def _make(asked: Asked, name: str, body: Mapping[str, Any]) -> Reply:
    only(body, WRITABLE)
    if name in RESERVED:
        raise RefusedError({"name": [f"{name} is taken by a page of that name."]})
    alarm = Alarm(name=name, owner=_user(asked))
    _take(asked, alarm, body)
    save_alarm(alarm, asked.name, asked.now, _comment(body))
    reply = _told(asked, find(name), 201)
    address = reverse("alarms-rest-alarm", kwargs={"name": name})
    return Reply(reply.content, reply.status, {**reply.headers, "Location": address})


def _change(asked: Asked, name: str, content: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Reply:
    with transaction.atomic():
        alarm = _editable(asked, name)
        new = content(content_of(alarm))
        only(new, WRITABLE)
        if new.get("name", name) != name:
            raise RefusedError({"name": ["An alarm keeps its name: links in messages carry it."]})
        _take(asked, alarm, new)
        save_alarm(alarm, asked.name, asked.now, _comment(new))
    return _told(asked, find(alarm.name))


def _editable(asked: Asked, name: str) -> Alarm:
    """The alarm, locked until the end of the transaction, for a change of the version that was seen.

    Raises:
        ProblemError: the reader may not change it, or has not seen its present version.
    """
    alarm = find(name, lock=True)
    asked.need(may_edit(asked.reader, alarm))
    check_version(asked, alarm.version)
    return alarm


def check_version(asked: Asked, version: int) -> None:
    """Let a change go on that is of the present version.

    Raises:
        ProblemError: it names none, or another.
    """
    given = asked.request.headers.get("If-Match")
    if given is None:
        raise ProblemError(NO_VERSION)
    if given.strip() != "*" and etag(version) not in [one.strip() for one in given.split(",")]:
        raise ProblemError(CHANGED)


def _take(asked: Asked, alarm: Alarm, given: Mapping[str, Any]) -> None:
    take(alarm, {name: value for name, value in given.items() if name not in ("owner", "comment")})
    if "owner" in given:
        alarm.owner = _owner(asked, alarm, text_of(given, "owner"))


def _owner(asked: Asked, alarm: Alarm, name: str) -> User | None:
    present = alarm.owner.get_username() if alarm.owner else ""
    if name == present:
        return alarm.owner
    if not is_staff(asked.reader):
        raise RefusedError({"owner": ["Only staff give an alarm to somebody else."]})
    found = User.objects.filter(username=name).first() if name else None
    if name and found is None:
        raise RefusedError({"owner": [f"There is no user {name!r}."]})
    return found


def _user(asked: Asked) -> User:
    reader = asked.reader
    if not isinstance(reader, User):
        raise ProblemError(CONFLICT)
    return reader


def _comment(body: Mapping[str, Any]) -> str:
    return text_of(body, "comment", most=255)


def versions(asked: Asked, name: str) -> Reply:
    """Every version that was saved, newest first."""
    alarm = find(name)
    edits = may_edit(asked.reader, alarm)
    rows = AlarmVersion.objects.filter(alarm=alarm).order_by("-number")[:MOST_VERSIONS]
    return Reply({"versions": [version_shape(row, asked.signed_in, edits) for row in rows]})


def version(asked: Asked, name: str, number: int) -> Reply:
    """One version."""
    alarm = find(name)
    found = AlarmVersion.objects.get(alarm=alarm, number=number)
    return Reply(version_shape(found, asked.signed_in, may_edit(asked.reader, alarm)))


def restored(asked: Asked, name: str, number: int) -> Reply:
    """An earlier version becomes the present one, as a new version."""
    with transaction.atomic():
        alarm = _editable(asked, name)
        AlarmVersion.objects.get(alarm=alarm, number=number)
        restore_alarm(alarm, number, asked.name, asked.now)
    return _told(asked, find(name))


def draft(asked: Asked, body: Mapping[str, Any]) -> Alarm:
    """An alarm that nobody saves, of what was sent.

    Raises:
        RefusedError: a member is unknown, or of another type.
    """
    only(body, WRITABLE)
    alarm = Alarm(name="draft", title="Draft", owner=_user(asked))
    _take(asked, alarm, {key: value for key, value in body.items() if key not in ("name", "owner")})
    return alarm
