"""How noisy an alarm is: what makes people mute it, and what they did when it fired. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from .spans import Span, Spans

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Noise:
    """Figures of one alarm in a window."""

    events: int = 0
    """That fired at some time of it."""
    firings: int = 0
    """That began to fire in it."""
    per_day: float = 0.0
    acknowledged: int = 0
    """Of the firings."""
    lasted: timedelta | None = None
    """The median of what is over."""
    flapping: int = 0

    @property
    def share_acknowledged(self) -> str:
        """``50.0 % (3 of 6)``; 0 of 0 is nothing to speak of."""
        if not self.firings:
            return "\N{EN DASH}"
        return f"{100 * self.acknowledged / self.firings:.1f} % ({self.acknowledged:,} of {self.firings:,})"

    @property
    def rate(self) -> str:
        """Firings a day, in words."""
        return f"{self.per_day:,.0f}" if self.per_day >= 10 or not self.per_day else f"{self.per_day:.1f}"


def noise(spans: Spans, now: datetime) -> Noise:
    """The figures of all of these together."""
    return _noise(spans.rows, spans.begin, now)


def noise_by_alarm(spans: Spans, now: datetime) -> Mapping[str, Noise]:
    """The figures of each alarm that fired, by its identifier."""
    rows: dict[str, list[Span]] = defaultdict(list)
    for row in spans.rows:
        rows[row.alarm_id].append(row)
    return {alarm_id: _noise(found, spans.begin, now) for alarm_id, found in rows.items()}


def _noise(rows: Iterable[Span], begin: datetime, now: datetime) -> Noise:
    rows = list(rows)
    began = [row for row in rows if row.fired_at >= begin]
    over = [(row.resolved_at - row.fired_at).total_seconds() for row in rows if row.resolved_at is not None]
    return Noise(
        events=len(rows),
        firings=len(began),
        per_day=len(began) / max((now - begin) / _DAY, 1 / 24),
        acknowledged=sum(row.acknowledged_at is not None for row in began),
        lasted=timedelta(seconds=median(over)) if over else None,
        flapping=sum(row.flapping for row in rows),
    )
