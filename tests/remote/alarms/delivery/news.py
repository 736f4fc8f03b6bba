"""Alarms, events and news of few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from swf_remote.alarms.delivery.compose import Message, compose
from swf_remote.alarms.models import Alarm, Channel, Delivery, Event, State, Tick
from swf_remote.alarms.routing.news import News

NOW = datetime(2026, 11, 29, 3, 14, tzinfo=UTC)
URL = "https://gateway.example/prod"
HOUR = timedelta(hours=1)


def alarm(**fields: Any) -> Alarm:
    """An alarm that is not saved."""
    known = {"name": "failures", "title": "Tasks that fail", "detector": "task_failure_ratio", "version": 1}
    return Alarm(**{**known, **fields})


def event(number: int = 1, **fields: Any) -> Event:
    """An event of a task, an hour old; not saved."""
    known: dict[str, Any] = {
        "fingerprint": f"task:{number}", "state": State.FIRING, "severity": "warning",
        "subject": f"task {number} (running) final-failure rate 12.4 %", "labels": {"task": str(number), "site": "BNL"},
        "values": {"metric": "12.4 % > 5 %"}, "links": [[f"Task {number}", f"panda/tasks/{number}/"]],
        "first_seen": NOW - HOUR, "fired_at": NOW - HOUR, "last_seen": NOW,
    }  # fmt: skip
    return Event(**{**known, **fields})


def over(number: int = 9, **fields: Any) -> Event:
    """An event that ended now."""
    return event(number, **{"state": State.RESOLVED, "resolved_at": NOW, "resolution": "No longer matches."} | fields)


def composed(news: News, **fields: Any) -> Message:
    """The message of an alarm with these fields."""
    return compose(alarm(**fields), news, public_url=URL, now=NOW)


def saved_alarm(**fields: Any) -> Alarm:
    """An alarm in the database."""
    made = alarm(**fields)
    made.save()
    return made


def saved_tick(at: datetime = NOW) -> Tick:
    """A tick in the database."""
    return Tick.objects.create(slot=at, started_at=at, engine="test")


def waiting(channel: Channel, destinations: Sequence[str], **fields: Any) -> Delivery:
    """A delivery in the outbox, due now."""
    content: dict[str, Any] = {"body": '{"text":"x"}', "format": "json", "refused": {}}
    if channel == Channel.MAIL:
        content = mail_content()
    known = {"subject": "[warning] failures: 1 new", "next_attempt_at": NOW, "created_at": NOW, "content": content}
    return Delivery.objects.create(**{**known, "channel": channel, "destinations": list(destinations), **fields})


def mail_content(identifier: str = "one", **fields: Any) -> dict[str, Any]:
    """What the outbox keeps of a mail."""
    known = {
        "text": "Hello.\n", "html": "<p>Hello.</p>\n", "from": "Alarms <alarms@gateway.example>",
        "to": "undisclosed-recipients:;", "date": "Sun, 29 Nov 2026 03:14:00 +0000",
        "message_id": f"<{identifier}@gateway.example>", "references": ["<1.event@gateway.example>"],
        "list": "<failures.alarms.gateway.example>", "urgent": False, "refused": {},
    }  # fmt: skip
    return {**known, **fields}
