"""Strips of time: when something fired, was acknowledged, and when nobody looked. Pure; a template draws them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

from .spans import Span

WIDTH = 1000
HEIGHT = 16
_LEAST = 4
_LOOKS = ("", "acknowledged", "firing")
_MARKS = 4
_DAYS = timedelta(days=3)

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a strip that looks alike."""

    x: int
    width: int
    look: str


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of a timeline."""

    words: str
    url: str
    bars: tuple[Bar, ...]
    said: str
    """The same in words."""

    @property
    def firing(self) -> str:
        """What fires, as one path: a page of many bars is drawn in a fraction of the time."""
        return path_of([bar for bar in self.bars if bar.look == "firing"])

    @property
    def acknowledged(self) -> str:
        """What is acknowledged, as one path; less high, so that it differs in more than colour."""
        return path_of([bar for bar in self.bars if bar.look == "acknowledged"], 5, 6)


@dataclass(frozen=True, slots=True)
class Window:
    """What a timeline shows."""

    begin: datetime
    end: datetime

    @property
    def marks(self) -> list[str]:
        """What stands below it, from left to right."""
        step = (self.end - self.begin) / _MARKS
        form = "%m-%d" if self.end - self.begin >= _DAYS else "%m-%d %H:%M" if step >= timedelta(hours=12) else "%H:%M"
        return [f"{(self.begin + number * step).astimezone(UTC):{form}}" for number in range(_MARKS)] + ["now"]

    def bars(self, spans: Iterable[Span]) -> tuple[Bar, ...]:
        """Firing stands before acknowledged where both are."""
        rows = list(spans)
        cells = bytearray(WIDTH)
        for row in rows:
            if row.acknowledged_at is not None:
                self._fill(cells, row.acknowledged_at, row.resolved_at or self.end, 1)
        for row in rows:
            self._fill(cells, row.fired_at, row.acknowledged_at or row.resolved_at or self.end, 2)
        return tuple(_bars(cells))

    def unseen(self, stretches: Iterable[Stretch]) -> str:
        """Where nobody looked, as one path."""
        cells = bytearray(WIDTH)
        for begin, end in stretches:
            self._fill(cells, begin, end, 1)
        return path_of(_bars(cells))

    def _fill(self, cells: bytearray, begin: datetime, end: datetime, what: int) -> None:
        if end < self.begin or begin > self.end:
            return
        first = min(self._cell(begin), WIDTH - _LEAST)
        last = max(self._cell(end), first + _LEAST)
        cells[first:last] = bytes([what]) * (last - first)

    def _cell(self, when: datetime) -> int:
        share = (when - self.begin) / (self.end - self.begin)
        return min(max(int(share * WIDTH), 0), WIDTH)


def path_of(bars: Iterable[Bar], top: int = 0, height: int = HEIGHT) -> str:
    """Bars as the path of a drawing."""
    return "".join(f"M{bar.x} {top}h{bar.width}v{height}h-{bar.width}z" for bar in bars)


def _bars(cells: bytearray) -> Iterator[Bar]:
    at = 0
    for what, run in groupby(cells):
        width = len(list(run))
        if what:
            yield Bar(at, width, _LOOKS[what])
        at += width


def gaps(ticks: Sequence[datetime], begin: datetime, end: datetime, patience: timedelta) -> list[Stretch]:
    """Where there was no tick for longer than `patience`; `ticks` in their order."""
    moments = [begin, *ticks, end]
    return [(one, other) for one, other in pairwise(moments) if other - one > patience]
