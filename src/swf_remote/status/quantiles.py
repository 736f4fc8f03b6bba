"""Percentiles from a histogram's buckets, and times in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(bounds: Sequence[float], counts: Sequence[float], part: float) -> float | None:
    """The value below which `part` (0 to 1) of all lie, taken as spread evenly within their bucket.

    Args:
        bounds: upper bounds of the buckets but for the last one, which has none.
        counts: of each bucket.

    Returns:
        None for an empty histogram; infinity where it lies above the last bound.
    """
    rank = part * sum(counts)
    if not rank:
        return None
    lower, below = 0.0, 0.0
    for bound, count in zip(bounds, counts, strict=False):
        if below + count >= rank:
            return lower + (bound - lower) * (rank - below) / count
        lower, below = bound, below + count
    return math.inf


def time_in_words(seconds: float | None) -> str:
    """`3.2 ms`, `120 ms`, `1.25 s`; an en dash for none."""
    if seconds is None:
        return "\N{EN DASH}"
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def quantile_in_words(seconds: float | None, bounds: Sequence[float]) -> str:
    """The same of a percentile; what lies in the first or behind the last of the buckets is not told apart."""
    if seconds is not None and math.isinf(seconds):
        return f"over {bounds[-1]:g} s"
    if seconds is not None and seconds < bounds[0]:
        return f"under {bounds[0] * 1000:g} ms"
    return time_in_words(seconds)


def share_in_words(part: float, whole: float) -> str:
    """`82.3 % (412 of 500)`; an en dash for nothing of nothing."""
    return f"{percent(part, whole)} ({part:,.0f} of {whole:,.0f})" if whole else "\N{EN DASH}"


def percent(part: float, whole: float) -> str:
    """One decimal, and no false 0 or 100."""
    value = 100 * part / whole
    if 0 < value < 0.1:
        return "<0.1 %"
    return ">99.9 %" if 99.9 < value < 100 else f"{value:.1f} %"


def number_in_words(value: float) -> str:
    """At most three digits that count, but whole numbers whole: `0`, `0.25`, `3.2`, `12`, `1,240`."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2g}" if value < 10 else f"{value:.3g}"
