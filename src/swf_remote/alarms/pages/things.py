"""What an event is about, by its fingerprint and labels: its history, and the matchers that silence just it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from swf_remote.alarms.models import Event
from swf_remote.alarms.selection import SUBJECTS


def thing_of(fingerprint: str) -> tuple[str, str] | None:
    """("task", "4711") of ``task:4711``; None for what has no history page."""
    kind, _, name = fingerprint.partition(":")
    return (kind, name) if kind in SUBJECTS and name else None


def history_url(event: Event) -> str:
    """The history of what the event is about, over all alarms."""
    found = thing_of(event.fingerprint)
    if found:
        return f"{reverse('alarm_history')}?{urlencode([found])}"
    return f"{reverse('alarm_task', args=[event.alarm.name])}?{urlencode({'key': event.fingerprint})}"


def matchers_of(event: Event) -> str:
    """Matchers that hold for this event and for its like: its alarm, and what it is about as far as labels say."""
    labels = {"alarm": event.alarm.name}
    kind = event.fingerprint.partition(":")[0]
    names = (kind,) if kind in event.labels else SUBJECTS
    labels |= {name: str(event.labels[name]) for name in names if event.labels.get(name)}
    return ", ".join(f'{name}="{_quoted(value)}"' for name, value in labels.items())


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
