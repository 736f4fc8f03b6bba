"""Which events of an alarm its people are told of in this tick. Pure; times are aware.

An event is told once as new, again only after the alarm's renotification window, and once when it is over. Events that
are acknowledged, silenced or explained by others are held back; what was held back is told when the reason ends and it
still fires. An event that fires again and again is flapping: from its fourth firing within six hours on it is told only
when it has fired for an hour, or six hours after its last message.

An event that people were told of and that still fires is escalated, once, when nobody has acknowledged it for as long
as the alarm waits: others are told of it. What is held back is not escalated either, nor what is flapping and was not
told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FLAPPING_WINDOW = timedelta(hours=6)
FLAPPING_FIRINGS = 3
"""So many earlier firings within the window make the next one flapping."""
SETTLED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event that fires, or was resolved in this tick."""

    id: str
    fired_at: datetime
    notified_at: datetime | None
    """When somebody was last told that this event fires."""
    told_before: datetime | None = None
    """When somebody was last told of an earlier event about the same thing, within the flapping window."""
    resolved: bool = False
    acknowledged: bool = False
    flapping: bool = False
    held_back: bool = False
    """Silenced, or explained by another event."""
    unacknowledged_since: datetime | None = None
    """Since when people know of it and nobody has acknowledged it."""
    escalated: bool = False
    """Others were told of it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message says, by identifiers of events; nothing to tell: no message."""

    new: Sequence[str] = field(default_factory=tuple)
    continuing: Sequence[str] = field(default_factory=tuple)
    cleared: Sequence[str] = field(default_factory=tuple)
    escalated: Sequence[str] = field(default_factory=tuple)
    """For others than the rest; may be among what continues."""

    def __bool__(self) -> bool:
        return bool(self.new or self.continuing or self.cleared or self.escalated)


def decide(
    candidates: Iterable[Candidate],
    now: datetime,
    *,
    renotify: timedelta | None,
    tell_cleared: bool,
    escalate: timedelta | None = None,
) -> Notice:
    """What is to be told at `now`.

    Args:
        candidates: what fires or has ended.
        now: the moment.
        renotify: after this time it is told again; None: never.
        tell_cleared: whether ends are told.
        escalate: after this time without an acknowledgement others are told; None: never.
    """
    new, continuing, cleared, escalated = [], [], [], []
    for one in candidates:
        if one.held_back:
            continue
        if one.resolved:
            if tell_cleared and one.notified_at is not None:
                cleared.append(one.id)
        elif one.acknowledged:
            continue
        elif one.notified_at is None:
            if not one.flapping or _is_worth_telling(one, now):
                new.append(one.id)
        else:
            if renotify is not None and now - one.notified_at >= renotify:
                continuing.append(one.id)
            if _is_to_be_escalated(one, now, escalate):
                escalated.append(one.id)
    return Notice(tuple(new), tuple(continuing), tuple(cleared), tuple(escalated))


def _is_to_be_escalated(told: Candidate, now: datetime, escalate: timedelta | None) -> bool:
    since = told.unacknowledged_since
    return escalate is not None and not told.escalated and since is not None and now - since >= escalate


def _is_worth_telling(flapping: Candidate, now: datetime) -> bool:
    if now - flapping.fired_at >= SETTLED:
        return True
    return flapping.told_before is None or now - flapping.told_before >= FLAPPING_WINDOW
