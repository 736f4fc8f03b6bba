"""The form of an alarm: its fields and the parameters of its detector; and the way back from what was posted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.http import QueryDict

from swf_remote.alarms.configuring import RefusedError, check
from swf_remote.alarms.detecting.contract import Detector
from swf_remote.alarms.detecting.form import FormField, as_posted, form_fields, read_posted
from swf_remote.alarms.detecting.parameters import ParameterError
from swf_remote.alarms.detecting.registry import UnknownDetector, detector
from swf_remote.alarms.models import Alarm, Severity

from .controls import Control, Form, Group, Kind

PARAMETER = "parameters."
LONGEST_COMMENT = 255
LONGEST_TEXT = 100_000
Faults = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    label: str
    kind: Kind
    help: str = ""
    unit: str = ""
    most: int | None = None
    placeholder: str = ""
    required: bool = False
    monospace: bool = False


WHAT = (
    _Field("title", "Title", "text", most=255, required=True),
    _Field(
        "description",
        "Description",
        "multiline",
        "Placed first in messages: what it means, and what to do.",
        most=LONGEST_TEXT,
    ),
)
WHICH = (
    _Field(
        "scope",
        "Only events with",
        "text",
        "Labels that have to match, all of them; empty: every event. * stands for anything.",
        most=500,
        placeholder='site="BNL_*", user!=ops',
        monospace=True,
    ),
)
WHEN = (
    _Field("every_minutes", "Looked at every", "integer", "From 1 to 1440.", "minutes", required=True),
    _Field(
        "schedule",
        "Only at these times",
        "text",
        "Days and hours, several by semicolons; empty: always.",
        "UTC",
        200,
        "mon-fri 08:00-18:00",
    ),
    _Field("for_minutes", "Fires after", "integer", "Has to match for so long; 0: at once.", "minutes", required=True),
    _Field(
        "clear_minutes", "Clears after", "integer", "Has to be well for so long; 0: at once.", "minutes", required=True
    ),
)
WHO = (
    _Field("notify", "Tell people", "bool", "Without it events are recorded, and nobody is told."),
    _Field(
        "recipients", "Recipients", "text", "Addresses and @teams, by commas or blanks; @team/oncall: who is on duty.",
        most=LONGEST_TEXT,
        placeholder="@prodops, name@lab.example",
    ),
    _Field(
        "webhooks",
        "Webhooks",
        "multiline",
        "One a line, its format before it: json, mattermost, slack or matrix. Only hosts that the operator allows.",
        most=LONGEST_TEXT,
        placeholder="mattermost https://chat.lab.example/hooks/…",
        monospace=True,
    ),
    _Field("severity", "Severity", "choice"),
    _Field(
        "renotify_hours", "Told again after", "number", "While it still fires; 0: told once.", "hours", required=True
    ),
    _Field("tell_cleared", "Tell when it is over", "bool", "To those who were told that it fires."),
    _Field(
        "escalate_minutes", "Escalates after", "integer",
        "When people were told and nobody acknowledges it for so long, others are told once; 0: never.", "minutes",
        required=True,
    ),
    _Field(
        "escalate_to", "Escalates to", "text", "Those others: addresses, @teams and @team/oncall.", most=LONGEST_TEXT,
        placeholder="@experts/oncall",
    ),
    _Field(
        "explained_by", "Explained by", "text",
        "Nobody is told while such events fire of which people were told; after on: labels that both share.", most=500,
        placeholder="alarm=failing_site on site", monospace=True,
    ),
    _Field(
        "heed_maintenance", "Heed maintenance", "bool",
        "Nobody is told of a site whose queue is offline or brokeroff, where the monitor tells that.",
    ),
    _Field(
        "group_by", "Grouped by", "text", "The label under which a message groups its events.", most=30,
        placeholder="site", monospace=True,
    ),
)  # fmt: skip
STATE = (_Field("enabled", "Looked at", "bool", "Without it nothing is looked at, and open events end."),)
NAMED = _Field(
    "name", "Name", "text", "a-z, 0-9 and underscore. Part of its address; it stays.", most=100, required=True,
    placeholder="failing_tasks", monospace=True,
)  # fmt: skip
OWNER = _Field("owner", "Owner", "text", "User name of who may edit it beside the staff; empty: nobody.", most=150)
COMMENT = _Field("comment", "What was changed", "text", "For the list of versions.", most=LONGEST_COMMENT)


def held(alarm: Alarm) -> dict[str, list[str]]:
    """What the inputs hold for an alarm."""
    values: dict[str, list[str]] = {}
    for one in _alarm_fields():
        value = getattr(alarm, one.name)
        values[one.name] = (["on"] if value else []) if one.kind == "bool" else [_text(value)]
    values["owner"] = [alarm.owner.get_username() if alarm.owner else ""]
    values["name"] = [alarm.name]
    try:
        kind = detector(alarm.detector)
    except UnknownDetector:
        return values
    return values | {PARAMETER + name: texts for name, texts in as_posted(kind, alarm.parameters).items()}


def posted_values(posted: QueryDict) -> dict[str, list[str]]:
    """What the inputs hold that a browser sent."""
    return {str(name): [str(text) for text in texts] for name, texts in posted.lists()}


def form_of(
    alarm: Alarm, values: Mapping[str, Sequence[str]], faults: Mapping[str, Sequence[str]], *, is_new: bool, staff: bool
) -> Form:
    """The form as it is shown.

    Args:
        alarm: tells the detector and the version.
        values: what the inputs hold.
        faults: what is wrong, by field.
        is_new: it has no name yet.
        staff: the reader may give it to another owner.
    """

    def shown(fields: Iterable[_Field]) -> list[Control]:
        return [_control(one, values.get(one.name, ()), faults.get(one.name, ())) for one in fields]

    kind = _detector(alarm.detector)
    what = shown((NAMED, *WHAT) if is_new else WHAT)
    parameters = [_parameter(one, values, faults) for one in form_fields(kind)] if kind else []
    groups = [
        Group("what", "What it is", "", what),
        Group("condition", "Condition", kind.summary if kind else "", parameters),
        Group("which", "Which", "Leave it empty to hear of everything that the condition finds.", shown(WHICH)),
        Group("when", "When", "", shown(WHEN)),
        Group("who", "Who is told", "", shown(WHO)),
        Group("state", "State", "", shown((*STATE, *((OWNER,) if staff else ()), *(() if is_new else (COMMENT,))))),
    ]
    hidden = {"detector": alarm.detector, "version": str(alarm.version), "editing": "" if is_new else alarm.name}
    return Form(groups, faults, hidden)


def take(alarm: Alarm, posted: QueryDict, *, staff: bool) -> Faults:
    """Put what was posted into an alarm, which is not saved; what is wrong, by field."""
    faults: Faults = {}
    for one in _alarm_fields():
        _take(alarm, one, posted, faults)
    alarm.detector = posted.get("detector", alarm.detector)[:100]
    if staff:
        _take_owner(alarm, _clean(posted.get("owner", "")), faults)
    _take_parameters(alarm, posted, faults)
    try:
        check(alarm)
    except RefusedError as error:
        told = any(name.startswith(PARAMETER) for name in faults)
        for name, words in error.faults.items():
            if name not in faults and not (told and name.startswith(PARAMETER)):
                faults[name] = words
    return faults


def _alarm_fields() -> tuple[_Field, ...]:
    return (*WHAT, *WHICH, *WHEN, *WHO, *STATE)


def _take(alarm: Alarm, one: _Field, posted: QueryDict, faults: Faults) -> None:
    text = _clean(posted.get(one.name, ""))
    if one.kind == "bool":
        setattr(alarm, one.name, one.name in posted)
    elif one.kind in ("integer", "number"):
        number = _number(text, one.kind)
        if number is None:
            wanted = "a whole number" if one.kind == "integer" else "a number"
            faults[one.name] = [f"{text[:20]!r} is not {wanted}." if text else f"Give {wanted}."]
        else:
            setattr(alarm, one.name, number)
    elif one.most is not None and len(text) > one.most:
        faults[one.name] = [f"At most {one.most:,} characters; these are {len(text):,}."]
    else:
        setattr(alarm, one.name, text)


def _number(text: str, kind: Kind) -> float | None:
    try:
        number = int(text[:20]) if kind == "integer" else float(text[:40])
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _take_owner(alarm: Alarm, name: str, faults: Faults) -> None:
    alarm.owner = User.objects.filter(username=name).first() if name else None
    if name and alarm.owner is None:
        faults["owner"] = [f"There is no user {name[:60]!r}."]


def _take_parameters(alarm: Alarm, posted: QueryDict, faults: Faults) -> None:
    kind = _detector(alarm.detector)
    if kind is None:
        return
    texts = {
        name.removeprefix(PARAMETER): [_clean(text) for text in found]
        for name, found in posted_values(posted).items()
        if name.startswith(PARAMETER)
    }
    try:
        alarm.parameters = read_posted(kind, texts).model_dump(mode="json")
    except ParameterError as error:
        for fault in error.faults:
            faults.setdefault(PARAMETER + fault.field, []).append(f"{fault.words[:1].upper()}{fault.words[1:]}.")


def one_text(texts: Sequence[str]) -> str:
    """What an input holds, so that it can be compared: several values are one a line, nothing is an empty text."""
    return "\n".join(sorted(_clean(text) for text in texts)) if len(texts) > 1 else _clean("".join(texts))


def _clean(text: str) -> str:
    """Browsers send ends of lines as two characters; a NUL is no text to a database."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def _detector(name: str) -> Detector[Any] | None:
    try:
        return detector(name)
    except UnknownDetector:
        return None


def _text(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _control(one: _Field, values: Sequence[str], faults: Sequence[str]) -> Control:
    return Control(
        name=one.name,
        label=one.label,
        kind=one.kind,
        values=values,
        help=one.help,
        unit=one.unit,
        choices=Severity.choices if one.name == "severity" else (),
        faults=faults,
        required=one.required,
        most=one.most,
        placeholder=one.placeholder,
        monospace=one.monospace,
    )


def _parameter(one: FormField, values: Mapping[str, Sequence[str]], faults: Mapping[str, Sequence[str]]) -> Control:
    name = PARAMETER + one.name
    kinds: dict[str, Kind] = {"list": "multiline", "bool": "bool", "choice": "choice", "multi-choice": "multi-choice"}
    kind = kinds.get(one.kind, "number" if one.kind in ("number", "integer") else "text")
    held = values.get(name, ())
    bounds = one.allowed if one.kind in ("number", "integer") or one.format else ""
    choices = [(word, word) for word in one.choices]
    return Control(
        name=name,
        label=one.title,
        kind="multiline" if one.multiline else kind,
        values=["\n".join(held)] if one.kind == "list" else held,
        help=" ".join(part for part in (one.help, f"({bounds})" if bounds else "") if part),
        unit="" if one.unit == "0 to 1" else one.unit,
        choices=[("", "none"), *choices] if one.optional and kind == "choice" else choices,
        faults=faults.get(name, ()),
        required=one.required,
        placeholder=one.placeholder,
        monospace=one.multiline,
    )
