"""The last hour in steps of ten seconds, over all workers of the host: from samples of the figures to rates and times.

Pure: samples and the present step come from outside. A step without samples on both sides is a gap, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from swf_remote.edge import metrics
from swf_remote.edge.figures import Family
from swf_remote.edge.history import STEP_SECONDS, STEPS, Sample
from swf_remote.edge.metrics import NOT_LOOKED, NOTHING_BROKEN, RESULTS
from swf_remote.proxy.link import Place

from .quantiles import quantile

# A worker that is busy for a moment may be late with a sample.
_LONGEST_STEP = 3
_FREE = ("hit", "coalesced", "stale")
_AREAS = ("page", "data")
_DATA = Place.DATA.value

Counts = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """What happened in a stretch of time."""

    begin: datetime
    end: datetime
    seconds: float
    """Of it that are known."""
    results: dict[str, float]
    """Answers of the monitor's pages, data and files by what the cache did."""
    answers: Counts
    """Pages and data by the time until their first byte: the buckets of ``metrics.FIRST_BYTE``."""
    upstream: Counts
    """The monitor's answers to them, by the same: ``metrics.UPSTREAM``."""
    failed: float
    refused: float
    looks: float
    """Looks at the link that were answered."""
    look_seconds: float
    """The time that all of those took."""
    streams: float
    """Event streams open at once, at most."""
    down: float
    """Seconds in which the monitor could not be reached."""
    unknown: float
    """Seconds of which that is not known."""

    @property
    def requests(self) -> float:
        """Answers of the monitor's pages, data and files."""
        return sum(self.results.values())

    @property
    def rate(self) -> float:
        """Those per second."""
        return self.requests / self.seconds if self.seconds else 0.0

    @property
    def free(self) -> float:
        """Those that cost the link nothing."""
        return sum(self.results[result] for result in _FREE)

    @property
    def hit_ratio(self) -> float | None:
        """Their share, 0 to 1; None without any request."""
        return self.free / self.requests if self.requests else None

    def first_byte(self, part: float) -> float | None:
        """Seconds until the first byte of this part of pages and data, as readers wait for it."""
        return quantile(metrics.FIRST_BYTE_SECONDS, self.answers, part)

    def upstream_first_byte(self, part: float) -> float | None:
        """The same of the monitor's answers."""
        return quantile(metrics.SECONDS, self.upstream, part)

    @property
    def look(self) -> float | None:
        """Seconds that a look at the link took on average."""
        return self.look_seconds / self.looks if self.looks else None


@dataclass(frozen=True, slots=True)
class Hour:
    """The steps, oldest first; None where nothing is known."""

    begin: datetime
    end: datetime
    steps: tuple[Span | None, ...]

    @property
    def known(self) -> list[Span]:
        """The steps of which something is known."""
        return [step for step in self.steps if step]

    @property
    def whole(self) -> Span:
        """All of it."""
        return merged(self.steps, self.begin, self.end)

    def last(self, minutes: int) -> Span:
        """Its end."""
        steps = minutes * 60 // STEP_SECONDS
        return merged(self.steps[-steps:], _moment(_number(self.end) - steps), self.end)

    def rows(self, minutes: int) -> list[Span]:
        """All of it in longer steps, newest first; what is not known at all is left out."""
        each = minutes * 60 // STEP_SECONDS
        first = _number(self.begin)
        spans = [
            merged(self.steps[at : at + each], _moment(first + at), _moment(first + at + each))
            for at in range(0, STEPS, each)
        ]
        return [span for span in reversed(spans) if span.seconds]


def coarse(hour: Hour, each: int) -> Hour:
    """The same in steps `each` times as long. They begin at fixed times, so that a drawing moves by whole steps."""
    end = -(-_number(hour.end) // each) * each
    late = end - _number(hour.end)
    steps = hour.steps[late:] + (None,) * late
    first = end - STEPS
    spans = [
        merged(steps[at : at + each], _moment(first + at), _moment(first + at + each)) for at in range(0, STEPS, each)
    ]
    return Hour(_moment(first), _moment(end), tuple(span if span.seconds else None for span in spans))


def hour_of(samples: Sequence[Sample], now: float) -> Hour:
    """The hour that ends with the step of `now` (epoch seconds), or with the one before if that is the last known."""
    end = int(now) // STEP_SECONDS
    if samples and samples[-1].number == end - 1:
        end -= 1
    steps: list[Span | None] = [None] * STEPS
    for before, after in pairwise(samples):
        at = after.number - end + STEPS - 1
        if 0 <= at < STEPS and after.number - before.number <= _LONGEST_STEP:
            steps[at] = _span(before, after)
    return Hour(_moment(end - STEPS), _moment(end), tuple(steps))


def merged(spans: Iterable[Span | None], begin: datetime, end: datetime) -> Span:
    """Several as one."""
    known = [span for span in spans if span]

    def total(of: Callable[[Span], float]) -> float:
        return sum(map(of, known))

    return Span(
        begin,
        end,
        total(lambda span: span.seconds),
        {result: sum(span.results[result] for span in known) for result in RESULTS},
        _added([span.answers for span in known], len(metrics.FIRST_BYTE_SECONDS) + 1),
        _added([span.upstream for span in known], len(metrics.SECONDS) + 1),
        total(lambda span: span.failed),
        total(lambda span: span.refused),
        total(lambda span: span.looks),
        total(lambda span: span.look_seconds),
        max((span.streams for span in known), default=0.0),
        total(lambda span: span.down),
        total(lambda span: span.unknown),
    )


def _span(before: Sample, after: Sample) -> Span | None:
    """What happened between two samples; None where counters began anew."""
    old, new = before.totals, after.totals

    def grown(columns: Sequence[int]) -> float:
        return sum([new[at] - old[at] for at in columns])

    results = {result: grown(columns) for result, columns in _RESULTS.items()}
    answers = tuple(map(grown, _ANSWERS))
    looks, look_seconds = grown(_LOOKS[:-1]), grown(_LOOKS[-1:])
    failed, refused = grown([_FAILED]), grown([_REFUSED])
    if min(*results.values(), *answers, looks, failed, refused) < 0:
        return None
    seconds = float((after.number - before.number) * STEP_SECONDS)
    broken = _broken(after)
    return Span(
        _moment(before.number),
        _moment(after.number),
        seconds,
        results,
        answers,
        tuple(map(grown, _UPSTREAM)),
        failed,
        refused,
        looks,
        look_seconds,
        new[metrics.STREAMS.columns[()]],
        seconds if broken not in (NOTHING_BROKEN, NOT_LOOKED, _DATA) else 0.0,
        seconds if broken == NOT_LOOKED else 0.0,
    )


def _buckets(family: Family) -> list[tuple[int, ...]]:
    """For each bucket its columns: those of pages and of data."""
    firsts = [family.columns[area,] for area in _AREAS]
    return [tuple(first + at for first in firsts) for at in range(len(family.bounds) + 1)]


_RESULTS = {
    result: tuple(metrics.CACHE_RESULTS.columns[area, result] for area in ("page", "data", "static"))
    for result in RESULTS
}
_ANSWERS, _UPSTREAM = _buckets(metrics.FIRST_BYTE), _buckets(metrics.UPSTREAM)
_LOOKS = [metrics.LOOKS.columns[()] + at for at in range(len(metrics.SECONDS) + 2)]
_FAILED, _REFUSED = (metrics.PROBLEMS.columns[outcome,] for outcome in metrics.OUTCOMES)


def _broken(sample: Sample) -> str:
    """What most workers held to be broken."""
    columns = metrics.LINK_SEEN.columns
    return max(metrics.LINK_FINDINGS, key=lambda finding: sample.totals[columns[finding,]])


def _added(several: Sequence[Counts], width: int) -> Counts:
    return tuple(map(sum, zip(*several, strict=True))) if several else (0.0,) * width


def _number(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def _moment(number: int) -> datetime:
    return datetime.fromtimestamp(number * STEP_SECONDS, UTC)
