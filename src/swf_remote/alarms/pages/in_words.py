"""An alarm's configuration in words, and its parameters as its detector calls them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from swf_remote.alarms.detecting.form import form_fields
from swf_remote.alarms.detecting.registry import all_detectors
from swf_remote.alarms.models import Alarm
from swf_remote.web.moments import duration


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the detector."""

    title: str
    value: Any
    unit: str
    help: str
    is_default: bool


def sentences(alarm: Alarm) -> Iterator[str]:
    """How it works, one thing at a time."""
    yield f"Looked at {_every(alarm.every_minutes)}{_when(alarm.schedule)}."
    yield f"Fires {_after(alarm.for_minutes, 'as soon as it matches', 'has matched')}."
    yield f"Ends {_after(alarm.clear_minutes, 'as soon as it matches no more', 'has been well')}."
    if alarm.scope:
        yield f"Only for what fulfils {alarm.scope}"
    yield from _telling(alarm)


def _telling(alarm: Alarm) -> Iterator[str]:
    if not alarm.notify:
        yield "Nobody is told: e-mail is off. Events are recorded all the same."
        return
    hours = alarm.renotify
    yield f"Told again every {duration(hours)} while it fires." if hours else "Told once, however long it fires."
    yield "Its end is told, too." if alarm.tell_cleared else "Its end is not told."
    if alarm.escalate:
        yield f"Others are told, once, of what nobody has acknowledged for {duration(alarm.escalate)}."
    if alarm.explained_by:
        yield f"Nobody is told while it is explained by {alarm.explained_by}"
    if alarm.heed_maintenance:
        yield "Nobody is told of a site whose queue is switched off."
    if alarm.group_by:
        yield f"A message groups its events by {alarm.group_by}."


def _every(minutes: int) -> str:
    return "every minute" if minutes == 1 else f"every {duration(timedelta(minutes=minutes))}"


def _when(schedule: str) -> str:
    return f", {schedule} (UTC)" if schedule else ""


def _after(minutes: int, at_once: str, has: str) -> str:
    return f"when it {has} for {duration(timedelta(minutes=minutes))}" if minutes else at_once


def parameters(alarm: Alarm) -> list[Parameter]:
    """In the order of the detector's form; what it does not know stands at the end."""
    kind = all_detectors().get(alarm.detector)
    fields = form_fields(kind) if kind else ()
    known = [
        Parameter(
            title=one.title,
            value=_value(alarm.parameters.get(one.name, one.default)),
            unit=one.unit,
            help=one.help,
            is_default=alarm.parameters.get(one.name, one.default) == one.default,
        )
        for one in fields
    ]
    others = alarm.parameters.keys() - {one.name for one in fields}
    return known + [Parameter(name, _value(alarm.parameters[name]), "", "", False) for name in sorted(others)]


def _value(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
