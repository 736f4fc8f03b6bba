"""Percentiles and ratios of what was measured: pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], part: float) -> float:
    """The nearest-rank percentile; `part` between 0 and 1.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered), max(1, math.ceil(part * len(ordered)))) - 1]


def percent(value: float, of: float) -> float:
    """How many percent one figure is of another; 0 of nothing."""
    return 100 * value / of if of else 0.0


def times(value: float, of: float) -> float:
    """How many times another one figure is; 0 of nothing."""
    return value / of if of else 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Times of many requests, in milliseconds."""

    p50: float
    p99: float
    worst: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """From seconds.

        Raises:
            ValueError: there are none.
        """
        return cls(percentile(seconds, 0.5) * 1e3, percentile(seconds, 0.99) * 1e3, max(seconds) * 1e3, len(seconds))
