"""Rows of the alarms' tables for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from swf_remote.alarms.models import Alarm, Event, State

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def an_alarm(name: str, **fields: object) -> Alarm:
    """An alarm as it stands in the table; nothing of it is checked."""
    given: dict[str, object] = {
        "title": name.capitalize(),
        "detector": "task_failure_ratio",
        "parameters": {"threshold": 0.2},
        "version": 1,
    }
    return Alarm.objects.create(name=name, **(given | fields))


def an_event(
    alarm: Alarm, fingerprint: str, labels: Mapping[str, str], *, state: str = State.FIRING, **fields: object
) -> Event:
    """An event of this alarm, in any state."""
    at = fields.pop("at", NOW)
    given: dict[str, object] = {
        "severity": alarm.severity,
        "subject": f"{fingerprint} fails",
        "first_seen": at,
        "last_seen": at,
        "fired_at": None if state == State.PENDING else at,
        "resolved_at": at if state == State.RESOLVED else None,
    }
    told = {**labels, "alarm": alarm.name, "severity": alarm.severity}
    return Event.objects.create(alarm=alarm, fingerprint=fingerprint, labels=told, state=state, **(given | fields))
