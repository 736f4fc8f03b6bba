"""Events that exist only on paper: the same steps as ``engine.evaluation`` and ``engine.telling`` take in the database,
by the same pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from swf_remote.alarms.detecting.contract import Finding, Match
from swf_remote.alarms.engine.states import Patience, Stage, Standing, Step, absent, matched
from swf_remote.alarms.routing.matchers import Matchers
from swf_remote.alarms.routing.notice import FLAPPING_FIRINGS, FLAPPING_WINDOW, Candidate, decide

from .result import Episode, Message

LONGEST_FINGERPRINT = 300


@dataclass(frozen=True, slots=True)
class Rules:
    """What of an alarm decides about its events."""

    name: str
    severity: str
    scope: Matchers
    patience: Patience
    renotify: timedelta | None
    tell_cleared: bool


@dataclass(slots=True)
class _Event:
    number: int
    fingerprint: str
    standing: Standing
    subject: str = ""
    """As it fired; likewise the next two."""
    severity: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    flapping: bool = False
    notified_at: datetime | None = None

    @property
    def fired_at(self) -> datetime:
        assert self.standing.fired_at is not None
        return self.standing.fired_at

    def episode(self) -> Episode:
        return Episode(
            self.fingerprint,
            self.subject,
            self.severity,
            self.fired_at,
            self.standing.resolved_at,
            self.values,
        )


class Ledger:
    """The events of one alarm."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._open: dict[str, _Event] = {}
        self._over: dict[str, list[_Event]] = {}
        """Resolved ones, as long as they matter for flapping."""
        self._untold: list[_Event] = []
        """Resolved ones of whose end nobody was told."""
        self._fired: list[_Event] = []
        self.messages: list[Message] = []

    def firing(self) -> frozenset[str]:
        """Fingerprints of what fires."""
        return frozenset(key for key, event in self._open.items() if event.standing.stage is Stage.FIRING)

    def episodes(self) -> list[Episode]:
        """All that fired, in that order."""
        return [event.episode() for event in self._fired]

    @property
    def fired(self) -> int:
        """How often something fired."""
        return len(self._fired)

    def advance(self, finding: Finding, now: datetime) -> None:
        """One successful evaluation."""
        rules = self._rules
        seen = {
            match.fingerprint[:LONGEST_FINGERPRINT]: match
            for match in finding.matches
            if rules.scope.hold({**match.labels, "alarm": rules.name})
        }
        for fingerprint, match in seen.items():
            self._see(fingerprint, match, now)
        for fingerprint, event in list(self._open.items()):
            if fingerprint not in seen:
                self._miss(event, now)

    def tell(self, now: datetime) -> None:
        """What people would be told after it."""
        over, self._untold = self._untold, []
        fires = [event for event in self._open.values() if event.standing.stage is Stage.FIRING]
        events = {str(event.number): event for event in (*fires, *over)}
        notice = decide(
            map(self._candidate, events.values()),
            now,
            renotify=self._rules.renotify,
            tell_cleared=self._rules.tell_cleared,
        )
        for key in (*notice.new, *notice.continuing):
            events[key].notified_at = now
        if notice:
            self.messages.append(Message(now, len(notice.new), len(notice.continuing), len(notice.cleared)))

    def _see(self, fingerprint: str, match: Match, now: datetime) -> None:
        event = self._open.get(fingerprint)
        standing, step = matched(event.standing if event else None, now, self._rules.patience)
        if event is None:
            event = self._open[fingerprint] = _Event(len(self._fired), fingerprint, standing)
        event.standing = standing
        if step is Step.FIRED:
            event.number = len(self._fired)
            event.subject, event.severity = match.subject, match.severity or self._rules.severity
            event.values = dict(match.values)
            earlier = self._over.get(fingerprint, ())
            since = now - FLAPPING_WINDOW
            event.flapping = sum(one.fired_at > since for one in earlier) >= FLAPPING_FIRINGS
            self._fired.append(event)

    def _miss(self, event: _Event, now: datetime) -> None:
        event.standing, step = absent(event.standing, now, self._rules.patience)
        if step in (Step.DROPPED, Step.RESOLVED):
            del self._open[event.fingerprint]
        if step is Step.RESOLVED:
            since = now - FLAPPING_WINDOW
            earlier = [one for one in self._over.get(event.fingerprint, ()) if _matters(one, since)]
            self._over[event.fingerprint] = [*earlier, event]
            if event.notified_at is not None:
                self._untold.append(event)

    def _candidate(self, event: _Event) -> Candidate:
        earlier = self._over.get(event.fingerprint, ()) if event.flapping and event.notified_at is None else ()
        told = [one.notified_at for one in earlier if one.notified_at is not None]
        return Candidate(
            id=str(event.number),
            fired_at=event.fired_at,
            notified_at=event.notified_at,
            told_before=max(told, default=None),
            resolved=event.standing.stage is Stage.RESOLVED,
            flapping=event.flapping,
        )


def _matters(event: _Event, since: datetime) -> bool:
    return event.fired_at > since or (event.notified_at is not None and event.notified_at > since)
