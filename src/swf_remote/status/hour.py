"""The last hour in steps of ten seconds, over all workers of the host: from samples of the figures to rates and times.

Pure: samples and the present step come from outside. A step without samples on both sides is a gap, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from swf_remote.edge import metrics
from swf_remote.edge.figures import Family, Labels
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

    def grown(family: Family, labels: Labels, width: int = 1) -> Counts:
        first = family.columns[labels]
        return tuple(after.totals[at] - before.totals[at] for at in range(first, first + width))

    def counted(family: Family, *labels: str) -> float:
        return grown(family, labels)[0]

    answers = [grown(metrics.FIRST_BYTE, (area,), len(metrics.FIRST_BYTE_SECONDS) + 1) for area in _AREAS]
    upstream = [grown(metrics.UPSTREAM, (lane,), len(metrics.SECONDS) + 1) for lane in _AREAS]
    *looks, look_seconds = grown(metrics.LOOKS, (), len(metrics.SECONDS) + 2)
    seconds = float((after.number - before.number) * STEP_SECONDS)
    broken = _broken(after)
    span = Span(
        _moment(before.number),
        _moment(after.number),
        seconds,
        {result: sum(counted(metrics.CACHE_RESULTS, area, result) for area in _SHARED) for result in RESULTS},
        _added(answers, len(metrics.FIRST_BYTE_SECONDS) + 1),
        _added(upstream, len(metrics.SECONDS) + 1),
        counted(metrics.PROBLEMS, "failed"),
        counted(metrics.PROBLEMS, "refused"),
        sum(looks),
        look_seconds,
        after.totals[metrics.STREAMS.columns[()]],
        seconds if broken not in (NOTHING_BROKEN, NOT_LOOKED, _DATA) else 0.0,
        seconds if broken == NOT_LOOKED else 0.0,
    )
    return None if min(*span.results.values(), *span.answers, span.looks, span.failed) < 0 else span


_SHARED = ("page", "data", "static")


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
