"""What one reader may ask of the monitor: so many questions of each kind a second, so many at once, so many streams.

The defaults are far above what browsing needs, also for everybody behind one address. Pure: ``meter`` keeps count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from swf_remote.proxy.policy.rows import Spending

STREAMS = "streams"
AT_ONCE = "at_once"
NONE = "off"
_SECONDS = {"s": 1.0, "min": 60.0}
_RATE = re.compile(r"(\d{1,6})/(s|min) burst (\d{1,6})")


@dataclass(frozen=True, slots=True)
class Rate:
    """Questions that may be put at once, and how fast what was used up comes back."""

    per_second: float
    """Questions that come back each second."""
    burst: int
    """Questions that may follow each other without any pause."""

    def due(self, due: float, now: float) -> float:
        """The moment at which all is there again; one that no question of ours can have caused counts as past.

        Args:
            due: what was noted of it, in seconds of a monotonic clock, as is `now`.
        """
        return due if now < due <= now + self.burst / self.per_second + 1.0 else now

    def wait(self, due: float, now: float) -> float:
        """Seconds until one more may be put (GCRA, ITU-T I.371 annex A); 0: now."""
        return max(0.0, due - now - (self.burst - 1) / self.per_second)

    def after(self, due: float) -> float:
        """The same moment after one more question."""
        return due + 1.0 / self.per_second


@dataclass(frozen=True, slots=True)
class Budgets:
    """All of one reader's."""

    rates: Mapping[Spending, Rate] = field(
        default_factory=lambda: MappingProxyType(
            {
                Spending.MISSES: Rate(30, 1000),
                Spending.FILES: Rate(60, 2000),
                Spending.REFRESHES: Rate(1, 60),
                Spending.LOGS: Rate(2, 100),
                Spending.WRITES: Rate(10, 200),
            }
        )
    )
    """What is missing is without bound."""
    streams: int | None = 1200
    """Event streams open at the same time, in each process; None: without bound."""
    at_once: int | None = 10
    """Questions of each lane on their way while others ask, too; None: without bound."""

    @property
    def bounds(self) -> bool:
        """Whether it matters at all who asks."""
        return bool(self.rates) or self.streams is not None or self.at_once is not None


UNBOUNDED = Budgets(MappingProxyType({}), None, None)


def read_budgets(text: str) -> Budgets:
    """Budgets as an operator writes them: ``misses 30/s burst 1000, streams 50, logs off``; the others as usual.

    Raises:
        ValueError: with words that say what is wrong.
    """
    if text.strip() == NONE:
        return UNBOUNDED
    budgets = Budgets()
    for part in filter(None, (part.strip() for part in text.split(","))):
        budgets = _changed(budgets, part)
    return budgets


def _changed(budgets: Budgets, part: str) -> Budgets:
    name, _, value = part.partition(" ")
    value = value.strip()
    if name == STREAMS:
        return replace(budgets, streams=_number(name, value))
    if name == AT_ONCE:
        return replace(budgets, at_once=_number(name, value))
    if name not in list(Spending):
        known = ", ".join([*Spending, STREAMS, AT_ONCE])
        raise ValueError(f"holds {part!r}: known budgets are {known}; {NONE} alone switches all of them off")
    rates = dict(budgets.rates)
    rates.pop(Spending(name), None)
    if value not in (NONE, "0"):
        rates[Spending(name)] = _rate(name, value)
    return replace(budgets, rates=MappingProxyType(rates))


def _number(name: str, value: str) -> int | None:
    if value in (NONE, "0"):
        return None
    if not re.fullmatch(r"\d{1,6}", value):
        raise ValueError(f"holds {name} {value!r}: give a number, or {NONE}")
    return int(value)


def _rate(name: str, value: str) -> Rate:
    found = _RATE.fullmatch(value)
    if found is None or int(found[1]) < 1 or int(found[3]) < 1:
        raise ValueError(f"holds {name} {value!r}: give a rate such as 30/s burst 1000 or 20/min burst 5, or {NONE}")
    return Rate(int(found[1]) / _SECONDS[found[2]], int(found[3]))
