"""Rows of the tables as JSON. Times are UTC, "2026-11-29T03:14:00Z"; what is not known is null."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from swf_remote.alarms.access import Reader, may_edit
from swf_remote.alarms.configuring import ALARM_FIELDS, content_of, team_content
from swf_remote.alarms.delivery.formats import read_hooks, shown
from swf_remote.alarms.models import (
    Alarm,
    AlarmVersion,
    Attempt,
    Change,
    Channel,
    Delivery,
    Evaluation,
    Event,
    Silence,
    State,
    Team,
    Tick,
)
from swf_remote.alarms.routing.people_now import duty_of
from swf_remote.web.addresses import own_url
from swf_remote.web.moments import iso

Shape = dict[str, Any]
PEOPLE = ("recipients", "webhooks", "escalate_to")
"""What of an alarm only signed-in users see."""


def moment(when: datetime | None) -> str | None:
    """A time for programs."""
    return iso(when) if when else None


def alarm_shape(alarm: Alarm, reader: Reader, signed_in: bool, counts: Mapping[str, int]) -> Shape:
    """An alarm: what is configured, and how it fares.

    Args:
        alarm: with its owner.
        reader: who asks.
        signed_in: whether that is somebody.
        counts: its events by state.
    """
    edits = signed_in and may_edit(reader, alarm)
    return {
        "name": alarm.name,
        **_configured(content_of(alarm), signed_in=signed_in, edits=edits),
        "version": alarm.version,
        "created_at": moment(alarm.created_at),
        "modified_at": moment(alarm.modified_at),
        "state": state_of(alarm, counts),
        "events": {state.value: counts.get(state, 0) for state in (State.PENDING, State.FIRING, State.ACKNOWLEDGED)},
        "evaluated_at": moment(alarm.evaluated_at),
        "failing_since": moment(alarm.failing_since),
        "last_error": alarm.last_error,
        "may_edit": edits,
        "url": own_url(f"alarms/{alarm.name}/"),
    }


def state_of(alarm: Alarm, counts: Mapping[str, int]) -> str:
    """How it fares, in one word; the first that holds."""
    words = {
        "archived": alarm.archived,
        "off": not alarm.enabled,
        "failing": alarm.failing_since is not None,
        "firing": bool(counts.get(State.FIRING)),
        "acknowledged": bool(counts.get(State.ACKNOWLEDGED)),
        "pending": bool(counts.get(State.PENDING)),
    }
    return next((word for word, holds in words.items() if holds), "quiet")


def _configured(content: Mapping[str, Any], *, signed_in: bool, edits: bool) -> Shape:
    """The configured fields. Addresses of webhooks open them, so that only editors see the whole."""
    found = {name: content[name] for name in ("owner", *ALARM_FIELDS) if name in content}
    if not signed_in:
        return {name: value for name, value in found.items() if name not in PEOPLE}
    if not edits and found.get("webhooks"):
        hooks = read_hooks(str(found["webhooks"])).hooks
        found["webhooks"] = "\n".join(f"{hook.format} {shown(hook.url)}" for hook in hooks)
    return found


def version_shape(version: AlarmVersion, signed_in: bool, edits: bool) -> Shape:
    """An alarm as it was saved."""
    return {
        "number": version.number,
        "changed_by": version.changed_by,
        "changed_at": moment(version.changed_at),
        "comment": version.comment,
        "content": _configured(version.content, signed_in=signed_in, edits=edits),
    }


def event_shape(event: Event) -> Shape:
    """An event, without what became of it."""
    return {
        "id": event.pk,
        "alarm": event.alarm.name,
        "fingerprint": event.fingerprint,
        "state": event.state,
        "severity": event.severity,
        "subject": event.subject,
        "detail": event.detail,
        "labels": event.labels,
        "values": event.values,
        "first_values": event.first_values,
        "links": [{"words": words, "url": own_url(path)} for words, path in event.links],
        "first_seen": moment(event.first_seen),
        "last_seen": moment(event.last_seen),
        "fired_at": moment(event.fired_at),
        "gone_since": moment(event.gone_since),
        "resolved_at": moment(event.resolved_at),
        "resolution": event.resolution,
        "notified_at": moment(event.notified_at),
        "unacknowledged_since": moment(event.unacknowledged_since),
        "escalated_at": moment(event.escalated_at),
        "flapping": event.flapping,
        "acknowledged_by": event.acknowledged_by,
        "acknowledged_at": moment(event.acknowledged_at),
        "assignee": event.assignee,
        "url": own_url(f"alarms/events/{event.pk}/"),
    }


def change_shape(change: Change) -> Shape:
    """What became of an event."""
    return {"at": moment(change.at), "what": change.what, "by": change.by, "text": change.text}


def silence_shape(silence: Silence, now: datetime) -> Shape:
    """A silence."""
    return {
        "id": silence.pk,
        "matchers": silence.matchers,
        "reason": silence.reason,
        "starts_at": moment(silence.starts_at),
        "ends_at": moment(silence.ends_at),
        "created_by": silence.created_by,
        "active": silence.starts_at <= now < silence.ends_at,
    }


def tick_shape(tick: Tick, *, signed_in: bool) -> Shape:
    """One pass of the engine; which host did it is told to signed-in users."""
    return {
        "id": tick.pk,
        "slot": moment(tick.slot),
        "started_at": moment(tick.started_at),
        "finished_at": moment(tick.finished_at),
        **({"engine": tick.engine} if signed_in else {}),
        "due": tick.due,
        "evaluated": tick.evaluated,
        "failed": tick.failed,
        "matches": tick.matches,
        "deliveries": tick.deliveries,
        "missed": tick.missed,
    }


def evaluation_shape(evaluation: Evaluation) -> Shape:
    """What a tick saw of an alarm; identifiers are those of events that people were told of."""
    return {
        "alarm": evaluation.alarm.name,
        "at": moment(evaluation.at),
        "milliseconds": evaluation.duration_ms,
        "matches": evaluation.matches,
        "error": evaluation.error,
        "new": evaluation.new,
        "continuing": evaluation.continuing,
        "cleared": evaluation.cleared,
        "escalated": evaluation.escalated,
    }


def delivery_shape(delivery: Delivery, edits: bool) -> Shape:
    """A message to one destination."""
    is_open = edits or delivery.channel == Channel.MAIL
    return {
        "id": delivery.pk,
        "alarm": delivery.alarm.name if delivery.alarm else None,
        "tick": delivery.tick_id,
        "channel": delivery.channel,
        "destinations": delivery.destinations if is_open else [shown(str(one)) for one in delivery.destinations],
        "reached": delivery.reached if is_open else [shown(str(one)) for one in delivery.reached],
        "subject": delivery.subject,
        "test": delivery.test,
        "escalation": delivery.escalation,
        "outcome": delivery.outcome,
        "attempts_made": delivery.attempts_made,
        "next_attempt_at": moment(delivery.next_attempt_at) if delivery.outcome == "waiting" else None,
        "created_at": moment(delivery.created_at),
        "finished_at": moment(delivery.finished_at),
    }


def attempt_shape(attempt: Attempt) -> Shape:
    """One try to deliver."""
    return {
        "at": moment(attempt.at),
        "outcome": attempt.outcome,
        "detail": attempt.detail,
        "milliseconds": attempt.duration_ms,
    }


def team_shape(team: Team, now: datetime, signed_in: bool) -> Shape:
    """A team; its members, and who of them is on duty, only for signed-in users."""
    told: Shape = {"name": team.name, "title": team.title, "version": team.version}
    if not signed_in:
        return told
    duty = duty_of(team, now)
    on_duty = duty and {"now": duty.now, "until": moment(duty.until), "next": duty.next}
    return {**told, **team_content(team), "on_duty": on_duty}
