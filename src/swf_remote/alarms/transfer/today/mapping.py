"""What a row of today's tables is here: an alarm's fields, an event, a tick. Pure: asks nobody, saves nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from swf_remote.alarms.configuring import ALARM_FIELDS
from swf_remote.alarms.detecting.parameters import ParameterError
from swf_remote.alarms.detecting.registry import detector, read_parameters
from swf_remote.alarms.detecting.subjects import campaign_of, labelled, page
from swf_remote.alarms.engine.evaluation import CURED
from swf_remote.alarms.engine.slots import slot_of
from swf_remote.alarms.models import Alarm, Change, Evaluation, Event, State, Tick
from swf_remote.alarms.transfer.file_format import default_of

from .records import Entry, FaultyRowError, Reader

PREFIX = "alarm_"
ENGINE = "swf-alarms"
TASK_RULE = "panda_failure_rate_"
RENAMED = {"days_window": "since_days"}
NOT_LOOKED_AT = "It still fired in today's tables; nothing looks at it here."
ARCHIVED = "It was archived in today's tables."
OPEN_TWICE = "It was open twice in today's tables; the newer one goes on."
OPEN_HERE = "An event about the same thing is open here already, and goes on."
SEPARATOR = "\n---\n"
_EVENT_KEYS = frozenset(
    {
        "entry_id", "fire_time", "clear_time", "last_seen", "last_notified", "dedupe_key", "subject", "recipients",
        "alarm_config_id",
    }
)  # fmt: skip
_LABELS = {"taskname": "taskname", "site": "site", "username": "user", "status": "status"}
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Fields:
    """The configured fields of an alarm, and what of it has no place here."""

    content: dict[str, Any]
    dropped: tuple[str, ...]
    is_known: bool
    """Whether we have a detector for it; else it is kept for its history, switched off and archived."""


def fields_of(entry_id: str, title: str, content: str, data: Mapping[str, Any], *, archived: bool, key: str) -> Fields:
    """An alarm, or one of its versions.

    Today's ``enabled`` gates mail only, so it is our ``notify``; nobody is told of ends, as today.

    Raises:
        FaultyRowError: a value is of the wrong kind.
    """
    reader = Reader("alarm", key, data)
    found: dict[str, Any] = {"owner": "", **{name: default_of(name) for name in ALARM_FIELDS}}
    found |= {
        "title": (title or entry_id)[:255],
        "description": content.strip(),
        "recipients": _recipients(reader),
        "notify": reader.flag("enabled", otherwise=True),
        "renotify_hours": min(max(reader.number("renotification_window_hours") or 0.0, 0.0), 10_000.0),
        "tell_cleared": False,
        "archived": archived,
    }
    module, parameters = entry_id.removeprefix(PREFIX), reader.mapping("params")
    if module.startswith(TASK_RULE):
        kept, dropped = _task_rule(parameters)
        if kept is not None:
            return Fields({**found, "detector": "task_failure_ratio", "parameters": kept}, dropped, is_known=True)
    found |= {"detector": module[:100], "parameters": dict(parameters), "enabled": False, "archived": True}
    return Fields(found, (), is_known=False)


def _recipients(reader: Reader) -> str:
    typed = reader.values.get("recipients")
    return ", ".join(reader.texts("recipients")) if isinstance(typed, list) else reader.text("recipients").strip()


def _task_rule(parameters: Mapping[str, Any]) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Parameters of our detector, and those that it has no place for; None: without a threshold it is no rule."""
    kind = detector("task_failure_ratio")
    values = {RENAMED.get(name, name): value for name, value in parameters.items() if value is not None}
    dropped: list[str] = []
    while True:
        try:
            return read_parameters(kind, values).model_dump(mode="json"), tuple(dropped)
        except ParameterError as error:
            faulty = [fault.field for fault in error.faults if fault.field in values]
            if not faulty:
                return None, ()
            dropped += faulty
            values = {name: value for name, value in values.items() if name not in faulty}


def event_of(entry: Entry, alarm: Alarm) -> tuple[Event, list[Change]]:
    """An event with what became of it. It fires still if today's does.

    Raises:
        FaultyRowError: a value is of the wrong kind.
    """
    reader = Reader("event", entry.id, entry.data)
    fired = reader.maybe_time("fire_time") or entry.created
    cleared = reader.maybe_time("clear_time")
    values = {name: value for name, value in entry.data.items() if name not in _EVENT_KEYS}
    fingerprint = (reader.text("dedupe_key") or f"event:{entry.id}")[:300]
    event = Event(
        id=entry.id,
        alarm=alarm,
        fingerprint=fingerprint,
        state=State.FIRING,
        severity=alarm.severity,
        subject=_line(reader.text("subject") or entry.title, 500),
        detail=_detail(entry.content, alarm.description),
        labels=_labels(fingerprint, values) | {"alarm": alarm.name, "severity": alarm.severity},
        values=values,
        first_values=values,
        links=_links(fingerprint, values),
        first_seen=fired,
        last_seen=max(reader.maybe_time("last_seen") or cleared or fired, fired),
        fired_at=fired,
        notified_at=reader.maybe_time("last_notified"),
        imported={
            name: entry.data[name] for name in ("entry_id", "recipients", "alarm_config_id") if name in entry.data
        },
    )
    changes = [Change(event=event, at=fired, what=State.FIRING, text=event.subject)]
    if event.notified_at:
        event.unacknowledged_since = event.notified_at
        changes.append(Change(event=event, at=event.notified_at, what="told"))
    if cleared is not None:
        end(event, changes, max(cleared, fired), CURED)
    elif entry.archived:
        end(event, changes, event.last_seen, ARCHIVED)
    return event, changes


def end(event: Event, changes: list[Change], at: datetime, why: str) -> None:
    """Let an event be over; nobody is told of it any more."""
    event.state, event.resolved_at, event.resolution, event.notified_clear = State.RESOLVED, at, why, True
    changes.append(Change(event=event, at=at, what=State.RESOLVED, text=why))


def _detail(content: str, description: str) -> str:
    """Without the alarm's description, which today stands before it."""
    text = content.removeprefix(description.strip()) if description.strip() else content
    before, separator, after = text.partition(SEPARATOR)
    return (after if separator and (not before.strip() or text is content) else text).strip()


def _task_of(fingerprint: str) -> str:
    number = fingerprint.removeprefix("task:")
    return number if number != fingerprint and number.isascii() and number.isdigit() else ""


def _labels(fingerprint: str, values: Mapping[str, Any]) -> dict[str, str]:
    known = {label: str(values[name]) for name, label in _LABELS.items() if isinstance(values.get(name), str)}
    return labelled(task=_task_of(fingerprint), campaign=campaign_of(known.get("taskname", "")), **known)


def _links(fingerprint: str, values: Mapping[str, Any]) -> list[list[str]]:
    task = _task_of(fingerprint)
    if not task:
        return []
    days = values.get("since_days")
    since = days if isinstance(days, int) and 1 <= days <= 365 else 1
    return [
        [f"Task {task}", f"panda/tasks/{task}/"],
        ["Failed jobs", page("jobs", taskid=task, status="failed", days=since)],
        ["Diagnostics", page("diagnostics", taskid=task, days=since)],
    ]


def tick_of(entry: Entry) -> tuple[Tick, Mapping[str, Mapping[str, Any]]]:
    """A run of today's engine, and what it tells of each alarm, by the alarm's word in it.

    Raises:
        FaultyRowError: a value is of the wrong kind.
    """
    reader = Reader("engine_run", entry.id, entry.data)
    started = reader.maybe_time("started_at") or entry.created
    reports = reader.mapping("per_alarm") or reader.mapping("per_check")
    for name, report in reports.items():
        if not isinstance(report, dict):
            raise FaultyRowError("engine_run", entry.id, f"what it tells of {name} is no JSON object")
    failed = reader.count("errors")
    due = reader.count("alarms_run") or reader.count("checks_run")
    tick = Tick(
        id=entry.id,
        slot=slot_of(started, _MINUTE),
        started_at=started,
        finished_at=reader.maybe_time("finished_at"),
        engine=ENGINE,
        due=due,
        evaluated=max(due - failed, 0),
        failed=failed,
        matches=reader.count("alarms_seen"),
        deliveries=reader.count("notifications_sent"),
    )
    return tick, reports


def evaluation_of(tick: Tick, alarm: Alarm, report: Mapping[str, Any]) -> Evaluation:
    """What one run saw of one alarm; the whole of it stays in ``report``.

    Raises:
        FaultyRowError: a value is of the wrong kind.
    """
    reader = Reader("engine_run", f"{tick.pk}, {alarm.name}", report)
    error = reader.text("error_message")
    if not error and reader.count("errors"):
        error = "It failed; today's tables do not tell why."
    return Evaluation(
        tick=tick,
        alarm=alarm,
        at=tick.started_at,
        matches=reader.count("alarms_seen"),
        error=error[:2000],
        new=reader.texts("bundle_new_event_ids"),
        continuing=reader.texts("bundle_renotify_event_ids"),
        report=dict(report),
    )


def words_of_run(keys: Sequence[str]) -> str:
    """Names under which runs tell of alarms that are not there, for the report."""
    return ", ".join(sorted(keys)[:10]) + (", …" if len(keys) > 10 else "")


def _line(text: str, most: int) -> str:
    return "".join(one if one.isprintable() else " " for one in text)[:most]
