"""Which events somebody asks for, from the words of an address; the same on pages, by REST and in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from .models import Event, Severity, State

MOST_HOURS = 24 * 366 * 10
DEFAULT_HOURS = 24
STATES = {"open": (State.PENDING, State.FIRING, State.ACKNOWLEDGED), **{state.value: (state,) for state in State}}
SUBJECTS = ("task", "site", "user", "campaign")


class SelectionError(ValueError):
    """A word of the address is not understood; says which, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that all hold; empty ones do not count."""

    hours: int = DEFAULT_HOURS
    """Events that were open at some time of the last so many hours."""
    state: str = ""
    alarm: str = ""
    severity: str = ""
    subject: tuple[str, str] | None = None
    """What it is about, such as ("task", "4711")."""
    words: str = ""
    """Letters of the subject line, whatever their case."""

    def since(self, now: datetime) -> datetime:
        """The begin of the window."""
        return now - timedelta(hours=self.hours)

    def events(self, now: datetime) -> QuerySet[Event]:
        """The events, newest first; each with its alarm."""
        found = self.narrowed(Event.objects.select_related("alarm").filter(self._window(now)))
        return found.order_by("-first_seen", "pk")

    def narrowed(self, found: QuerySet[Event]) -> QuerySet[Event]:
        """Those of them that fulfil the conditions, whatever the window."""
        if self.state:
            found = found.filter(state__in=STATES[self.state])
        if self.alarm:
            found = found.filter(alarm__name=self.alarm)
        if self.severity:
            found = found.filter(severity=self.severity)
        if self.subject:
            found = found.filter(fingerprint=":".join(self.subject))
        if self.words:
            found = found.filter(subject__icontains=self.words)
        return found

    def _window(self, now: datetime) -> Q:
        open_now = Q(state__in=STATES["open"])
        return open_now if self.state == "open" else open_now | Q(resolved_at__gte=self.since(now))


def read_selection(words: Mapping[str, str]) -> Selection:
    """The selection that ``hours``, ``state``, ``alarm``, ``severity``, ``task``, ``site``, ``user``, ``campaign`` and
    ``q`` of an address name.

    Raises:
        SelectionError: a value is not allowed.
    """
    subjects = [(name, words[name]) for name in SUBJECTS if words.get(name)]
    if len(subjects) > 1:
        raise SelectionError(f"Give one of {', '.join(SUBJECTS)}, not several.")
    return Selection(
        hours=_hours(words.get("hours", "")),
        state=_one_of("state", words.get("state", ""), tuple(STATES)),
        alarm=words.get("alarm", "")[:100],
        severity=_one_of("severity", words.get("severity", ""), tuple(Severity.values)),
        subject=subjects[0] if subjects else None,
        words=words.get("q", "").strip()[:200],
    )


def _hours(text: str) -> int:
    if not text:
        return DEFAULT_HOURS
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= MOST_HOURS):
        raise SelectionError(f"hours is {text[:20]!r}: give a whole number from 1 to {MOST_HOURS}.")
    return int(text)


def _one_of(name: str, text: str, allowed: tuple[str, ...]) -> str:
    if text and text not in allowed:
        raise SelectionError(f"{name} is {text[:20]!r}: give one of {', '.join(allowed)}.")
    return text
