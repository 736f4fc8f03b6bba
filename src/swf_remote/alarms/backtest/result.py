"""What trying an alarm on the past says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from swf_remote.web.moments import stamp

_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Episode:
    """A time during which one thing would have fired."""

    fingerprint: str
    subject: str
    severity: str
    fired_at: datetime
    resolved_at: datetime | None
    """None: it fired to the end."""
    values: Mapping[str, Any]
    """Figures at the moment of firing."""


@dataclass(frozen=True, slots=True)
class Message:
    """What people would have been told at once, in numbers of events."""

    at: datetime
    new: int
    continuing: int
    cleared: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """All of it. Silences, inhibitions and acknowledgements are left out: nobody knows what people would have done."""

    asked_since: datetime
    until: datetime
    """To here it was tried."""
    sees_since: datetime | None = None
    """The first tick that is kept of this time; None: none is."""
    ticks: int = 0
    """Kept ticks that were looked at."""
    evaluated: int = 0
    """Those in which the alarm was due and could be evaluated."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Those in which it was due and could not, by the reason."""
    episodes: Sequence[Episode] = ()
    """In the order in which they fired."""
    messages: Sequence[Message] = ()
    complete: bool = True
    """False: the time for trying ran out, or too much fired."""
    unsupported: str = ""
    """Why it cannot be tried at all; empty: it was."""

    def words(self) -> list[str]:
        """Sentences for pages and terminals."""
        if self.unsupported:
            return [self.unsupported]
        if self.sees_since is None and not self.complete:
            return ["It could not be tried: reading what is kept of the time before took all the time that there is."]
        if self.sees_since is None:
            return [f"No ticks are kept since {stamp(self.asked_since)}, so there is nothing to try it on yet."]
        return [line for line in (self._seen(), self._found(), self._failures(), self._cut()) if line]

    def _seen(self) -> str:
        assert self.sees_since is not None
        begin = f"It was tried on {_number(self.ticks, 'tick')} from {stamp(self.sees_since)} to {stamp(self.until)}"
        due = f"{begin}; it was due and evaluated in {self.evaluated:,} of them."
        late = (self.sees_since - self.asked_since).total_seconds() > 3600
        return f"{due} Nothing is kept of the time before, back to {stamp(self.asked_since)}." if late else due

    def _found(self) -> str:
        if not self.episodes:
            return "It would not have fired."
        subjects = len({one.fingerprint for one in self.episodes})
        times = f"It would have fired {_number(len(self.episodes), 'time')} about {_number(subjects, 'subject')}"
        new, continuing, cleared = (
            sum(getattr(one, name) for one in self.messages) for name in ("new", "continuing", "cleared")
        )
        told = f"{new:,} new, {continuing:,} still firing, {cleared:,} over"
        return f"{times} and sent {_number(len(self.messages), 'message')} ({told})."

    def _failures(self) -> str:
        if not self.failed:
            return ""
        most = sorted(self.failed.items(), key=lambda one: -one[1])
        reasons = "; ".join(f"{reason} ({count:,})" for reason, count in most[:_MOST_REASONS])
        return f"It could not be evaluated in {_number(sum(self.failed.values()), 'tick')}: {reasons}."

    def _cut(self) -> str:
        return "" if self.complete else f"It was not tried to the end, but only up to {stamp(self.until)}."


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
