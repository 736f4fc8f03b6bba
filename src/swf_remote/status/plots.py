"""The last hour as plots: where lines and areas run, what stands on the axes, and what the finding is in words.

Pure. The drawing itself is a template's; it stretches to any width, so axes are texts beside it. Steps that are not
known are gaps in every line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from swf_remote.edge.history import STEPS
from swf_remote.edge.metrics import FIRST_BYTE_SECONDS
from swf_remote.web.moments import duration

from .hour import Hour, Span, coarse
from .quantiles import number_in_words, quantile_in_words, share_in_words, time_in_words

HEIGHT = 200
_DRAWN_STEPS = 3
WIDTH = STEPS // _DRAWN_STEPS
UNKNOWN = "\N{EN DASH}"
_SHORTEST = 0.001
_POWERS = ("1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s")
_LONGEST = 100.0

Value = float | None


@dataclass(frozen=True, slots=True)
class Series:
    """One line or area."""

    name: str
    look: str
    """The letter of its colour and pattern."""
    path: str
    """Of the drawing, in its own units; empty where there is nothing to draw."""
    latest: str
    """Its last value, in words."""
    edge: str = ""
    """Where an area lies on another one."""


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time, from its first step on."""

    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot."""

    key: str
    title: str
    finding: str
    """What it shows, as a sentence."""
    ticks: tuple[str, ...]
    """The value axis, from the top to the bottom, at equal distances."""
    hours: tuple[str, ...]
    """The time axis, from the left to the right, at equal distances."""
    lines: tuple[Series, ...] = ()
    areas: tuple[Series, ...] = ()
    """From the bottom of the stack to its top."""
    down: tuple[Band, ...] = ()
    """When the monitor could not be reached."""

    @property
    def grid(self) -> list[int]:
        """Heights of the ticks."""
        return [HEIGHT * at // (len(self.ticks) - 1) for at in range(len(self.ticks))]


_RESULTS = (
    ("hit", "from the cache", "a"),
    ("coalesced", "shared with another reader", "b"),
    ("stale", "kept copy, out of date", "c"),
    ("miss", "asked for and kept", "d"),
    ("bypass", "passed on, not kept", "e"),
)


def plots_of(hour: Hour) -> tuple[Plot, ...]:
    """All of them, in the order of the page."""
    drawn = coarse(hour, _DRAWN_STEPS)
    return tuple(make(hour, drawn) for make in (_requests, _ratio, _answers, _link, _streams, _problems))


def _requests(hour: Hour, drawn: Hour) -> Plot:
    whole = hour.whole
    most = max(drawn.known, key=lambda span: span.rate, default=None)
    if most is None or not whole.requests:
        finding = "No page, data or file of the monitor was asked for."
    else:
        finding = (
            f"{number_in_words(whole.rate)} per second on average, at most "
            f"{number_in_words(most.rate)} (at {most.end:%H:%M} UTC)."
        )
    top = _nice(most.rate if most else 0.0)
    stacked: list[Value] = [0.0 if step else None for step in drawn.steps]
    areas = []
    for result, name, look in _RESULTS:
        rates = [step.results[result] / step.seconds if step else None for step in drawn.steps]
        upper = [None if low is None or rate is None else low + rate for low, rate in zip(stacked, rates, strict=True)]
        below, above = _scaled(stacked, top), _scaled(upper, top)
        latest = f"{number_in_words(_last(rates))}/s" if hour.known else UNKNOWN
        areas.append(Series(name, look, _area(below, above), latest, _edge(below, above)))
        stacked = upper
    return Plot("requests", "Requests", finding, _linear(top, "/s"), _hours(drawn), areas=tuple(areas))


def _ratio(hour: Hour, drawn: Hour) -> Plot:
    whole = hour.whole
    finding = (
        f"{share_in_words(whole.free, whole.requests)} cost the link nothing." if whole.requests else "No requests."
    )
    values = [step.hit_ratio if step else None for step in drawn.steps]
    latest = hour.last(5)
    line = Series(
        "from the cache, last 5 min", "a", _line(_scaled(values, 1.0)), share_in_words(latest.free, latest.requests)
    )
    return Plot("ratio", "Cache hit ratio", finding, ("100 %", "50 %", "0 %"), _hours(drawn), lines=(line,))


def _answers(hour: Hour, drawn: Hour) -> Plot:
    whole, latest = hour.whole, hour.last(5)
    times = [_time(whole.first_byte(part)) for part in (0.5, 0.95, 0.99)]
    finding = (
        f"Half of all pages and data began within {times[0]}, 95 % within {times[1]}, 99 % within {times[2]}."
        if any(whole.answers)
        else "No page and no data were asked for."
    )
    kinds = (("p50", 0.5, "a"), ("p95", 0.95, "b"), ("p99", 0.99, "c"))
    values = {part: [step.first_byte(part) if step else None for step in drawn.steps] for _, part, _ in kinds}
    decades = _decades([value for several in values.values() for value in several])
    lines = tuple(
        Series(f"{name}, last 5 min", look, _line(_logarithmic(values[part], decades)), _time(latest.first_byte(part)))
        for name, part, look in kinds
    )
    ticks = tuple(_POWERS[power] for power in range(decades, -1, -1))
    return Plot("answers", "Time to the first byte", finding, ticks, _hours(drawn), lines=lines)


def _link(hour: Hour, drawn: Hour) -> Plot:
    whole = hour.whole
    if not hour.known or whole.unknown >= whole.seconds:
        finding = "Nothing is known of the link yet."
    elif whole.down:
        finding = f"The monitor could not be reached for {duration(timedelta(seconds=whole.down))} in all."
    else:
        finding = "The monitor could be reached all the time."
    if whole.look is not None:
        finding += f" A look at it took {time_in_words(whole.look)} on average."
    values = [step.look * 1000 if step and step.look is not None else None for step in drawn.steps]
    top = _nice(max((value for value in values if value), default=0.0))
    latest = hour.last(5)
    line = Series("look, last 5 min", "a", _line(_scaled(values, top)), time_in_words(latest.look))
    return Plot(
        "link", "Link to the monitor", finding, _linear(top, " ms"), _hours(drawn), lines=(line,), down=_down(drawn)
    )


def _streams(hour: Hour, drawn: Hour) -> Plot:
    values = [step.streams if step else None for step in drawn.steps]
    most = max((value for value in values if value), default=0.0)
    finding = f"At most {most:,.0f} at once." if hour.known else "Nothing is known yet."
    top = _nice(most)
    line = Series("open now", "a", _line(_scaled(values, top)), f"{_last(values):,.0f}" if hour.known else UNKNOWN)
    return Plot("streams", "Open event streams", finding, _linear(top, ""), _hours(drawn), lines=(line,))


def _problems(hour: Hour, drawn: Hour) -> Plot:
    whole = hour.whole
    finding = f"{whole.failed:,.0f} requests failed, {whole.refused:,.0f} were refused."
    failed = [step.failed / step.seconds * 60 if step else None for step in drawn.steps]
    refused = [step.refused / step.seconds * 60 if step else None for step in drawn.steps]
    top = _nice(max((value for value in (*failed, *refused) if value), default=0.0))
    lines = (
        Series("failed", "failed", _line(_scaled(failed, top)), f"{number_in_words(_last(failed))}/min"),
        Series("refused", "b", _line(_scaled(refused, top)), f"{number_in_words(_last(refused))}/min"),
    )
    return Plot("problems", "Failures and refusals", finding, _linear(top, "/min"), _hours(drawn), lines=lines)


def _time(seconds: float | None) -> str:
    return quantile_in_words(seconds, FIRST_BYTE_SECONDS)


def _last(values: Sequence[Value]) -> float:
    return next((value for value in reversed(values) if value is not None), 0.0)


def _hours(hour: Hour) -> tuple[str, ...]:
    quarter = timedelta(minutes=15)
    clocks = [f"{hour.begin + at * quarter:%H:%M}" for at in range(4)]
    return (*clocks, f"{hour.end:%H:%M} UTC")


def _nice(most: float) -> float:
    """The end of an axis that begins at 0: the next of 1, 2 and 5 times a power of ten."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= most * 0.999)


def _linear(top: float, unit: str) -> tuple[str, ...]:
    return (f"{top:,g}{unit}", f"{top / 2:,g}{unit}", "0")


def _decades(seconds: Sequence[Value]) -> int:
    """How many powers of ten above a millisecond the axis needs."""
    most = min(max((value for value in seconds if value is not None), default=0.0), _LONGEST)
    return max(2, math.ceil(math.log10(max(most, _SHORTEST) / _SHORTEST) - 0.001))


def _scaled(values: Sequence[Value], top: float) -> list[int | None]:
    return [None if value is None else HEIGHT - round(min(value / top, 1.0) * HEIGHT) for value in values]


def _logarithmic(seconds: Sequence[Value], decades: int) -> list[int | None]:
    def height(value: float) -> int:
        within = min(max(value, _SHORTEST), _LONGEST)
        return HEIGHT - round(min(math.log10(within / _SHORTEST) / decades, 1.0) * HEIGHT)

    return [None if value is None else height(value) for value in seconds]


def _runs(known: Callable[[int], bool]) -> Iterator[list[int]]:
    """Steps that follow each other, as far as something is known of them."""
    for is_known, steps in groupby(range(WIDTH), known):
        if is_known:
            yield list(steps)


def _line(heights: Sequence[int | None]) -> str:
    """A line from step to step; what stands alone is a dot."""
    pieces = []
    for run in _runs(lambda at: heights[at] is not None):
        corners = [at for at in run if at in (run[0], run[-1]) or not heights[at - 1] == heights[at] == heights[at + 1]]
        pieces.append("M" + "L".join(f"{at} {heights[at]}" for at in corners) + ("h.1" if len(run) == 1 else ""))
    return "".join(pieces)


def _area(lower: Sequence[int | None], upper: Sequence[int | None]) -> str:
    """Stairs between two heights: each step as wide as it lasted."""
    pieces = []
    for run in _runs(lambda at: upper[at] is not None and upper[at] != lower[at]):
        along = _stairs([(at, upper[at] or 0) for at in run])
        back = _stairs([(at, lower[at] or 0) for at in run])
        points = along + back[::-1]
        pieces.append(_rectilinear(points) + "Z")
    return "".join(pieces)


def _rectilinear(points: Sequence[tuple[int, int]]) -> str:
    """A path whose every piece goes along one axis."""
    (x, y), *rest = points
    path = f"M{x} {y}"
    for next_x, next_y in rest:
        path += f"H{next_x}" if next_x != x else f"V{next_y}" if next_y != y else ""
        x, y = next_x, next_y
    return path


def _edge(lower: Sequence[int | None], upper: Sequence[int | None]) -> str:
    """The lower side of an area, as far as something lies there."""
    runs = _runs(lambda at: upper[at] is not None and upper[at] != lower[at] != HEIGHT)
    stairs = [_stairs([(at, lower[at] or 0) for at in run]) for run in runs]
    return "".join(
        f"M{x} {y}H{end}" for stair in stairs for (x, y), (end, _) in zip(stair[::2], stair[1::2], strict=True)
    )


def _stairs(heights: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    points: list[tuple[int, int]] = []
    for height, steps in groupby(heights, lambda step: step[1]):
        level = [at for at, _ in steps]
        points += [(level[0], height), (level[-1] + 1, height)]
    return points


def _down(drawn: Hour) -> tuple[Band, ...]:
    def is_down(at: int) -> bool:
        step: Span | None = drawn.steps[at]
        return step is not None and step.down > 0

    return tuple(Band(run[0], len(run)) for run in _runs(is_down))
