"""A job's states as spans of time: a list, and a strip whose widths follow the durations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from swf_monitor.panda.formatting import long_duration, stamp
from swf_monitor.panda.states import FAULTY_JOB_STATES

STRIP_WIDTH: Final = 1000
_NARROWEST: Final = 8
_TERMINAL: Final = ("finished", *FAULTY_JOB_STATES)


@dataclass(frozen=True)
class Span:
    """One state: since when, for how long, and its place in the strip."""

    status: str
    since: str
    duration: str
    source: str
    left: float
    width: float


def spans(history: Sequence[Mapping[Any, Any]], now: datetime) -> list[Span]:
    """The recorded states in order; the last of a job that goes on lasts until `now`."""
    lengths = [_seconds(history, index, now) for index in range(len(history))]
    widths = _widths(lengths)
    found, left = [], 0.0
    for row, seconds, width in zip(history, lengths, widths, strict=True):
        words = long_duration(seconds) if seconds is not None else ""
        source = row["modificationhost"] or ""
        found.append(Span(row["jobstatus"], stamp(row["modificationtime"]), words, source, left, width))
        left += width
    return found


def _seconds(history: Sequence[Mapping[Any, Any]], index: int, now: datetime) -> float | None:
    """How long a state lasted; None for a terminal one."""
    if index + 1 < len(history):
        until = history[index + 1]["modificationtime"]
    elif history[index]["jobstatus"] in _TERMINAL:
        return None
    else:
        until = now
    lasted: timedelta = until - history[index]["modificationtime"]
    return max(0.0, lasted.total_seconds())


def _widths(lengths: Sequence[float | None]) -> list[float]:
    """Widths that add up to the strip, each wide enough to be seen."""
    free = STRIP_WIDTH - _NARROWEST * len(lengths)
    total = sum(length or 0 for length in lengths)
    share = free / total if total and free > 0 else 0
    return [round(_NARROWEST + (length or 0) * share, 1) for length in lengths]
