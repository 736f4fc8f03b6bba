"""The shapes of ``shapes`` in OpenAPI's terms."""

from __future__ import annotations

from typing import Any

from swf_remote.alarms.models import Channel, Outcome, Severity, State

Schema = dict[str, Any]

_WORDS: Schema = {"type": "string"}
_PERHAPS_WORDS: Schema = {"type": ["string", "null"]}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_PERHAPS: Schema = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_MEASURE: Schema = {"type": "number", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_FREE: Schema = {"type": "object"}
_SEVERITY: Schema = {"enum": list(Severity.values)}
_LIST: Schema = {"type": "array", "items": _WORDS}


def _object(**members: Schema) -> Schema:
    """An object whose members are all there."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def _with(shape: Schema, **members: Schema) -> Schema:
    return _object(**shape["properties"], **members)


def _perhaps(shape: Schema, **members: Schema) -> Schema:
    """With members that may be missing."""
    return {**shape, "properties": {**shape["properties"], **members}}


def _some(**members: Schema) -> Schema:
    """What is sent: members that may all be missing, and no others."""
    return {"type": "object", "properties": members, "additionalProperties": False}


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _all(name: str, item: str) -> Schema:
    return _object(**{name: {"type": "array", "items": _named(item)}})


def _page(name: str, item: str) -> Schema:
    """A page of a list; `total` counts up to 10,000 and stands on the first page alone."""
    more = {**_all(name, item)["properties"], "next": _PERHAPS_WORDS}
    return _perhaps(_object(**more), total=_COUNT, total_is_exact=_FLAG)


_CONFIGURED: Schema = {
    "title": _WORDS,
    "description": _WORDS,
    "detector": _WORDS,
    "parameters": {**_FREE, "description": "As the detector's schema says, which `detectors/` tells"},
    "scope": _WORDS,
    "severity": _SEVERITY,
    "every_minutes": _COUNT,
    "schedule": _WORDS,
    "for_minutes": _COUNT,
    "clear_minutes": _COUNT,
    "renotify_hours": _MEASURE,
    "tell_cleared": _FLAG,
    "escalate_minutes": _COUNT,
    "explained_by": _WORDS,
    "heed_maintenance": _FLAG,
    "group_by": _WORDS,
    "enabled": _FLAG,
    "notify": _FLAG,
    "archived": _FLAG,
}
_PEOPLE: Schema = {"recipients": _WORDS, "webhooks": _WORDS, "escalate_to": _WORDS}
_SENT: Schema = {**_CONFIGURED, **_PEOPLE, "name": _WORDS, "owner": _WORDS, "comment": _WORDS}
_OPEN = _object(pending=_COUNT, firing=_COUNT, acknowledged=_COUNT)
_STATES = ["archived", "off", "failing", "firing", "acknowledged", "pending", "quiet"]
_LINKS: Schema = {"type": "array", "items": _object(words=_WORDS, url=_WORDS)}

_ALARM = _perhaps(
    _object(
        name=_WORDS,
        owner=_WORDS,
        **_CONFIGURED,
        version=_COUNT,
        created_at=_MOMENT,
        modified_at=_MOMENT,
        state={"enum": _STATES},
        events=_OPEN,
        evaluated_at=_PERHAPS,
        failing_since=_PERHAPS,
        last_error=_WORDS,
        may_edit=_FLAG,
        url=_WORDS,
    ),
    **_PEOPLE,
)
_EVENT = _object(
    id=_WORDS,
    alarm=_WORDS,
    fingerprint=_WORDS,
    state={"enum": list(State.values)},
    severity=_WORDS,
    subject=_WORDS,
    detail=_WORDS,
    labels={"type": "object", "additionalProperties": _WORDS},
    values=_FREE,
    first_values=_FREE,
    links=_LINKS,
    first_seen=_MOMENT,
    last_seen=_MOMENT,
    fired_at=_PERHAPS,
    gone_since=_PERHAPS,
    resolved_at=_PERHAPS,
    resolution=_WORDS,
    notified_at=_PERHAPS,
    unacknowledged_since=_PERHAPS,
    escalated_at=_PERHAPS,
    flapping=_FLAG,
    acknowledged_by=_WORDS,
    acknowledged_at=_PERHAPS,
    assignee=_WORDS,
    url=_WORDS,
)
_CHANGE = _object(at=_MOMENT, what=_WORDS, by=_WORDS, text=_WORDS)
_TICK = _object(
    id=_WORDS,
    slot=_MOMENT,
    started_at=_MOMENT,
    finished_at=_PERHAPS,
    due=_COUNT,
    evaluated=_COUNT,
    failed=_COUNT,
    matches=_COUNT,
    deliveries=_COUNT,
    missed=_COUNT,
)
_ENGINE: Schema = {"engine": {**_WORDS, "description": "Host and process; for signed-in users"}}
_EVALUATION = _object(
    alarm=_WORDS,
    at=_MOMENT,
    milliseconds=_MEASURE,
    matches=_COUNT,
    error=_WORDS,
    new=_LIST,
    continuing=_LIST,
    cleared=_LIST,
    escalated=_LIST,
)
_DELIVERY = _object(
    id=_WORDS,
    alarm=_PERHAPS_WORDS,
    tick=_PERHAPS_WORDS,
    channel={"enum": list(Channel.values)},
    destinations=_LIST,
    reached=_LIST,
    subject=_WORDS,
    test=_FLAG,
    escalation=_FLAG,
    outcome={"enum": list(Outcome.values)},
    attempts_made=_COUNT,
    next_attempt_at=_PERHAPS,
    created_at=_MOMENT,
    finished_at=_PERHAPS,
)
_ATTEMPT = _object(at=_MOMENT, outcome=_WORDS, detail=_WORDS, milliseconds=_MEASURE)
_MEMBERS: Schema = {
    "members": _WORDS,
    "rotation_days": _COUNT,
    "rotation_begins": {**_WORDS, "description": "When the first member's duty begins, such as 2026-11-30 08:00 (UTC)"},
}
_DUTY: Schema = {"anyOf": [_object(now=_WORDS, until=_MOMENT, next=_WORDS), {"type": "null"}]}
_EPISODE = _object(
    fingerprint=_WORDS,
    subject=_WORDS,
    severity=_WORDS,
    fired_at=_MOMENT,
    resolved_at=_PERHAPS,
    values=_FREE,
)
_MATCH = _object(
    fingerprint=_WORDS,
    subject=_WORDS,
    metric=_WORDS,
    detail=_WORDS,
    severity=_PERHAPS_WORDS,
    labels={"type": "object", "additionalProperties": _WORDS},
    values=_FREE,
    links=_LINKS,
)

ALL: dict[str, Schema] = {
    "Alarm": _ALARM,
    "Alarms": _all("alarms", "Alarm"),
    "AlarmContent": _some(**_SENT),
    "AlarmPatch": _some(**{name: {"anyOf": [kind, {"type": "null"}]} for name, kind in _SENT.items()}),
    "Version": _object(
        number=_COUNT,
        changed_by=_WORDS,
        changed_at=_MOMENT,
        comment=_WORDS,
        content=_some(owner=_WORDS, **_CONFIGURED, **_PEOPLE),
    ),
    "Versions": _all("versions", "Version"),
    "Event": _EVENT,
    "Events": _page("events", "Event"),
    "WholeEvent": _with(_EVENT, imported=_FREE, changes={"type": "array", "items": _CHANGE}),
    "Note": _some(note=_WORDS),
    "Assignment": _some(assignee={**_WORDS, "description": "A user's name; empty: nobody"}),
    "Text": _some(text=_WORDS),
    "Silence": _object(
        id=_WORDS,
        matchers=_WORDS,
        reason=_WORDS,
        starts_at=_MOMENT,
        ends_at=_MOMENT,
        created_by=_WORDS,
        active=_FLAG,
    ),
    "Silences": _page("silences", "Silence"),
    "SilenceContent": _object(matchers=_WORDS, reason=_WORDS, ends_at=_MOMENT),
    "Subscription": _object(
        id=_WORDS,
        user=_WORDS,
        alarm=_PERHAPS_WORDS,
        severity=_SEVERITY,
        matchers=_WORDS,
        enabled=_FLAG,
        created_at=_MOMENT,
    ),
    "Subscriptions": _page("subscriptions", "Subscription"),
    "SubscriptionContent": _some(alarm=_PERHAPS_WORDS, severity=_SEVERITY, matchers=_WORDS, enabled=_FLAG),
    "QuietHours": _object(quiet_hours=_WORDS, urgent_anyway=_FLAG),
    "QuietHoursContent": _some(
        quiet_hours={**_WORDS, "description": "Times of the week in UTC, such as 22:00-06:00; sat-sun"},
        urgent_anyway=_FLAG,
    ),
    "Tick": _perhaps(_TICK, **_ENGINE),
    "Ticks": _page("ticks", "Tick"),
    "WholeTick": _perhaps(
        _with(_TICK, queries={"type": "array", "items": _FREE}, evaluations={"type": "array", "items": _EVALUATION}),
        **_ENGINE,
    ),
    "Delivery": _DELIVERY,
    "Deliveries": _page("deliveries", "Delivery"),
    "WholeDelivery": _with(_DELIVERY, attempts={"type": "array", "items": _ATTEMPT}),
    "Team": _perhaps(_object(name=_WORDS, title=_WORDS, version=_COUNT), **_MEMBERS, on_duty=_DUTY),
    "Teams": _all("teams", "Team"),
    "TeamContent": _some(name=_WORDS, title=_WORDS, **_MEMBERS),
    "Detectors": _object(
        detectors={"type": "array", "items": _object(name=_WORDS, title=_WORDS, summary=_WORDS, parameters=_FREE)}
    ),
    "Plan": _object(
        saved=_FLAG,
        summary=_WORDS,
        warnings=_LIST,
        items={
            "type": "array",
            "items": _object(
                kind={"enum": ["alarm", "team"]},
                name=_WORDS,
                what={"enum": ["new", "changed", "unchanged", "archived", "absent"]},
                differences={"type": "array", "items": _object(field=_WORDS, lines=_LIST)},
            ),
        },
    ),
    "Preview": _object(
        at=_MOMENT,
        number=_COUNT,
        matches={"type": "array", "items": _MATCH},
        beyond_scope=_COUNT,
        seconds=_MEASURE,
    ),
    "Backtest": _object(
        asked_since=_MOMENT,
        sees_since=_PERHAPS,
        until=_MOMENT,
        ticks=_COUNT,
        evaluated=_COUNT,
        failed={"type": "object", "additionalProperties": _COUNT},
        complete=_FLAG,
        unsupported=_WORDS,
        words=_LIST,
        number=_COUNT,
        episodes={"type": "array", "items": _EPISODE},
        messages={
            "type": "array",
            "items": _object(at=_MOMENT, new=_COUNT, continuing=_COUNT, cleared=_COUNT),
        },
    ),
    "Test": _object(deliveries=_LIST),
    "Summary": _object(
        firing={"type": "object", "additionalProperties": _COUNT},
        firing_in_all=_COUNT,
        acknowledged=_COUNT,
        failing_alarms=_COUNT,
        last_tick={"anyOf": [_named("Tick"), {"type": "null"}]},
        seconds_since_last_tick={"type": ["number", "null"], "minimum": 0},
        as_of=_MOMENT,
    ),
    "Description": _FREE,
    "Problem": _perhaps(
        {
            **_object(
                type={"type": "string", "format": "uri"},
                title=_WORDS,
                status={"type": "integer", "minimum": 400, "maximum": 599},
                detail=_WORDS,
                kind=_WORDS,
                request_id=_WORDS,
            ),
            "additionalProperties": True,
        },
        outcome=_WORDS,
        faults={"type": "array", "items": _object(field=_WORDS, words=_WORDS)},
    ),
}
